"""The tables of report.html."""

import math
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from jaxgen.report import page
from jaxgen.report.curves import number
from jaxgen.report.run_files import Titles

_NO_METRICS = (
    "step",
    "data",
    "split",
    "real_images",
    "neighbours",
    "feature_space",
    "feature_accuracy",
    "ms_ssim_pairs",
    "memorisation/feature_space",
)
_LONG = 40  # characters of a text
_GROUPS_APART = ("class/", "reference/", "data/", "memorisation/n_", "color/", "color_")


def title_of(metric: str, titles: Titles) -> tuple[str, str]:
    """(title, what is good of it or its unit); the plain name and "" where `titles` lack it."""
    return titles.get(metric, (plain(metric.replace("/", " / ")), ""))


def explained(term: str, players: Iterable[str], titles: Titles) -> tuple[str, list[str]]:
    """(heading, notes) of the chart of "player/term" for some players.

    The heading is their title where they share one; the notes say what is good, of whom if of some.
    """
    found = {p: titles[f"{p}/{term}"] for p in players if f"{p}/{term}" in titles}
    headings = {title for title, _ in found.values()}
    heading = headings.pop() if len(headings) == 1 else plain(term)
    notes = {p: good if not headings else f"{title}: {good}" for p, (title, good) in found.items()}
    if len(set(notes.values())) > 1:
        notes = {p: f"{p}: {note}" for p, note in notes.items()}
    return heading, list(dict.fromkeys(notes.values()))


def evaluation_section(evaluation: Mapping[str, Any], titles: Titles) -> str:
    """The flat metrics of an evaluation: model against real data, and the shares of classes."""
    if not evaluation:
        return ""
    names = [k for k in evaluation if k not in _NO_METRICS and not k.startswith(_GROUPS_APART)]
    rows = [
        (
            _named(name, titles),
            _cell(evaluation[name]),
            show(evaluation.get(f"reference/{name}", "")),
        )
        for name in names
    ]
    metrics = page.table(("", "model", "real data"), rows) if rows else ""
    metrics += _space(evaluation) + _colors(evaluation, titles)
    step = f" at step {number(evaluation['step'])}" if "step" in evaluation else ""
    images = " on validation images" if evaluation.get("split") == "validation" else ""
    return page.section(
        f"Evaluation{images}{step}",
        f'<div class="tables"><section>{metrics}</section>{_classes(evaluation)}</div>',
    )


def _colors(evaluation: Mapping[str, Any], titles: Titles) -> str:
    """Metrics of colors: the model's beside those of predictors without a model."""
    own = [name for name in evaluation if name.startswith("color/")]
    others = [name.partition("/")[0] for name in evaluation if name.startswith("color_")]
    groups = list(dict.fromkeys(others))
    rows = [
        (
            _named(name, titles),
            show(evaluation[name]),
            *(show(evaluation.get(f"{group}/{name.partition('/')[2]}", "")) for group in groups),
        )
        for name in own
    ]
    head = ("", "model", *(escape(plain(group.removeprefix("color_"))) for group in groups))
    return page.table(head, rows) if rows else ""


def _space(evaluation: Mapping[str, Any]) -> str:
    if "feature_space" not in evaluation:
        return ""
    accuracy = evaluation.get("feature_accuracy")
    right = f", {accuracy:.1%} right on held-out images" if isinstance(accuracy, float) else ""
    more = ""
    if "real_images" in evaluation:
        more += f" Real images are compared {evaluation['real_images']}."
    if "neighbours" in evaluation:
        more += f" Precision and recall are with {show(evaluation['neighbours'])} neighbours."
    return page.note(
        f"Features: {evaluation['feature_space']}{right}.{more} The column “real data” has "
        "training images in the place of the samples: what a perfect model would score. These "
        "metrics compare models of this data set at these numbers of images; they are no FID."
    )


def _classes(evaluation: Mapping[str, Any]) -> str:
    shares = {
        name.removeprefix("class/"): share
        for name, share in evaluation.items()
        if name.startswith("class/") and isinstance(share, float)
    }
    if not shares:
        return ""
    top = max(shares.values()) or 1.0
    rows = [
        (
            escape(name),
            f'{share:.1%}<i style="--part: {share / top:.1%}"></i>',
            _percent(evaluation.get(f"reference/class/{name}")),
        )
        for name, share in shares.items()
    ]
    return f"<section>{page.table(('class', 'samples', 'real data'), rows, css='shares')}</section>"


def last_values(curves: Mapping[str, list]) -> str:
    """Last, lowest and highest value of every metric of training."""
    rows = []
    for name, curve in sorted(curves.items()):
        values = [value for _, value in curve if math.isfinite(value)]
        lowest, highest = (number(f(values)) if values else "" for f in (min, max))
        rows.append((page.dotted(name), number(curve[-1][1]), f"{curve[-1][0]:,}", lowest, highest))
    head = ("", "last", "at step", "lowest", "highest")
    return page.section("Last values", page.table(head, rows) if rows else "")


def _named(metric: str, titles: Titles) -> str:
    title, meaning = title_of(metric, titles)
    return escape(title) + (f' <span class="note">{escape(meaning)}</span>' if meaning else "")


def plain(term: str) -> str:
    """A metric's name as words."""
    return term.replace("_", " ")


def show(value: Any) -> str:
    """Any JSON value as HTML."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, int | float) else escape(str(value))


def _cell(value: Any) -> str:
    """As `show`; a sentence may be broken into lines, or it would push the numbers off the page."""
    words = isinstance(value, str) and len(value) > _LONG
    return f'<span class="words">{show(value)}</span>' if words else show(value)


def _percent(value: Any) -> str:
    return f"{value:.1%}" if isinstance(value, int | float) else ""
