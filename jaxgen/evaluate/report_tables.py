"""The tables of report.html."""

import math
from collections.abc import Mapping
from html import escape
from typing import Any

from jaxgen.evaluate.curves import number

FIGURES = {  # name: (title, what is good)
    "objective/image_l1": ("Reconstruction error", "mean |x - g(e(x))| on the scale [-1, 1]"),
    "frechet": ("Fréchet distance", "lower is better"),
    "precision": ("Precision", "share of samples that look real"),
    "recall": ("Recall", "share of real images within reach"),
    "density": ("Density", "about 1 is right"),
    "coverage": ("Coverage", "share of real images with a sample nearby"),
    "class_kl": ("Class imbalance", "nats; 0 is right"),
    "classes_covered": ("Classes covered", "classes that appear in the samples"),
    "kernel_distance": ("Kernel distance", "unbiased; 0 is right, lower is better"),
    "kernel_distance_std": ("Kernel distance, deviation", "over subsets"),
    "classifier_score": ("Classifier score", "the Inception score's formula; higher is better"),
    "classifier_score_std": ("Classifier score, deviation", "over splits"),
    "inception_score": ("Inception score", "higher is better"),
    "inception_score_std": ("Inception score, deviation", "over splits"),
    "ms_ssim": ("Similarity of pairs", "MS-SSIM; above that of real images, samples look alike"),
    "modes": ("Modes found", "by the samples"),
    "high_quality_share": ("Good samples", "share within 3 sigma of a mode"),
    "reverse_kl": ("Mode imbalance", "nats; 0 is right"),
    "stacked/modes": ("Modes of 1000", "triples of digits that appear in the samples"),
    "stacked/kl_to_uniform": ("Mode imbalance", "nats; compare with the floor"),
    "stacked/kl_to_uniform_floor": ("Mode imbalance, floor", "of a perfect sampler, by chance"),
    "conditional_accuracy": ("Right class", "share of samples of the class that was asked for"),
    "memorisation/distinct_neighbours": (
        "Distinct training neighbours",
        "against chance; far below that of held-out images is collapse",
    ),
    "memorisation/distinct_neighbours_held_out": ("Distinct neighbours, held-out images", ""),
    "memorisation/nearest_distance_ratio": (
        "Distance to training images",
        "against held-out ones; below 1 is memorisation",
    ),
    "probe/probe_accuracy": ("Linear probe", "accuracy on the discriminator's features"),
    "probe/probe_accuracy_pixels": ("Linear probe, pixels", "the floor"),
    "parzen/obsolete_parzen_nats": (
        "Parzen log-likelihood",
        "nats; obsolete, for parity with 2014",
    ),
    "n_real": ("Real images", "held out from training"),
    "n_fake": ("Generated images", ""),
}


def evaluation_table(evaluation: Mapping[str, Any]) -> str:
    """Model against real data, and the shares of classes."""
    if not evaluation:
        return ""
    classes = {
        k[6:]: v for k, v in evaluation.items() if k.startswith("class/") and isinstance(v, float)
    }
    hidden = ("class/", "reference/", "step", "data", "feature_space", "feature_accuracy")
    hidden += ("ms_ssim_pairs", "memorisation/feature_space", "memorisation/n_")
    rows = "".join(
        f"<tr><th>{_figure_name(name)}</th><td>{show(value)}</td>"
        f"<td>{show(evaluation.get(f'reference/{name}', ''))}</td></tr>"
        for name, value in evaluation.items()
        if not name.startswith(hidden)
    )
    table = (
        f"<thead><tr><th></th><th>model</th><th>real data</th></tr></thead><tbody>{rows}</tbody>"
    )
    step = f" at step {show(evaluation['step'])}" if "step" in evaluation else ""
    return (
        f'<section><h2>Evaluation{step}</h2><div class="tables"><section><table>{table}</table>'
        f"{_space(evaluation)}</section>{_classes(classes, evaluation)}</div></section>"
    )


def _space(evaluation: Mapping[str, Any]) -> str:
    if "feature_space" not in evaluation:
        return ""
    accuracy = evaluation.get("feature_accuracy")
    right = f", {accuracy:.1%} right on held-out images" if isinstance(accuracy, float) else ""
    return (
        f'<p class="note">Features: {escape(str(evaluation["feature_space"]))}{right}. The column '
        "“real data” has training images in the place of the samples: what a perfect model would "
        "score. These figures compare models of this data set at these numbers of images; they are "
        "no FID.</p>"
    )


def _classes(classes: Mapping[str, float], evaluation: Mapping[str, Any]) -> str:
    if not classes:
        return ""
    top = max(classes.values()) or 1.0
    rows = "".join(
        f"<tr><th>{escape(name)}</th>"
        f'<td class="share">{share:.1%}<i style="--part: {share / top:.1%}"></i></td>'
        f"<td>{_percent(evaluation.get(f'reference/class/{name}'))}</td></tr>"
        for name, share in classes.items()
    )
    head = "<thead><tr><th>class</th><th>samples</th><th>real data</th></tr></thead>"
    return f"<section><table>{head}<tbody>{rows}</tbody></table></section>"


def last_values(curves: Mapping[str, list]) -> str:
    """Last, lowest and highest value of every metric."""
    rows = []
    for name, curve in sorted(curves.items()):
        values = [value for _, value in curve if math.isfinite(value)]
        lowest, highest = (number(f(values)) if values else "" for f in (min, max))
        cells = (number(curve[-1][1]), f"{curve[-1][0]:,}", lowest, highest)
        rows.append(f"<tr><th>{escape(name)}</th>{''.join(f'<td>{c}</td>' for c in cells)}</tr>")
    if not rows:
        return ""
    names = ("", "last", "at step", "lowest", "highest")
    head = "".join(f"<th>{name}</th>" for name in names)
    return (
        f"<section><h2>Last values</h2><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></section>"
    )


def _figure_name(name: str) -> str:
    title, meaning = FIGURES.get(name, (plain(name.replace("/", " / ")), ""))
    return escape(title) + (f' <span class="note">{escape(meaning)}</span>' if meaning else "")


def plain(term: str) -> str:
    """A metric's name as words."""
    return term.replace("_", " ")


def show(value: Any) -> str:
    """Any JSON value as HTML."""
    return number(value) if isinstance(value, int | float) else escape(str(value))


def _percent(value: Any) -> str:
    return f"{value:.1%}" if isinstance(value, int | float) else ""
