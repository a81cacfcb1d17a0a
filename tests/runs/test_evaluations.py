"""What `--mode=evaluate` gathers, on an objective made for the purpose."""

import types
import unittest.mock

import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.commands import evaluate as evaluate_command
from jaxgen.config.build import build
from jaxgen.config.load import load_config
from jaxgen.core import UserError, progress
from jaxgen.data.dataset import Dataset
from jaxgen.runs import evaluations
from jaxgen.runs.evaluations import objective, reconstructions
from jaxgen.runs.evaluations.context import Context

pytestmark = pytest.mark.core


@pytest.mark.parametrize("count", [40, 43, 3])
def test_metrics_of_batches_are_of_all_images_in_any_order(count, monkeypatch):
    """A folder is sorted by class; a batch of one class has other moments than the data."""
    monkeypatch.setattr(progress, "SECONDS", 0.0)
    said = []
    shades = np.sort(np.resize(np.array([0, 85, 170, 255], np.uint8), count))
    held_out = types.SimpleNamespace(
        image=np.broadcast_to(shades[:, None, None, None], (count, 2, 2, 1)), label=None
    )
    sizes = []

    def evaluate(spec, state, batch, key):
        sizes.append(len(batch["image"]))
        each = jnp.mean(batch["image"], axis=(1, 2, 3))
        return {"mean": jnp.mean(each), "var": jnp.var(each)}

    experiment = types.SimpleNamespace(
        abilities=types.SimpleNamespace(evaluate=evaluate, entries=("image",)),
        spec=None,
        config=types.SimpleNamespace(data=types.SimpleNamespace(batch_size=8)),
        reads_labels=False,
        reads_two_domains=False,
    )
    given = {"experiment": experiment, "state": None, "held_out": held_out, "say": said.append}
    metrics = objective.evaluate(types.SimpleNamespace(**given))
    batches = max(1, count // 8)
    assert len(said) == batches
    assert said[-1] == f"batches of held-out images evaluated: {batches} of {batches}"
    expected = shades / 127.5 - 1
    assert metrics["objective/n_real"] == count
    assert metrics["objective/mean"] == pytest.approx(expected.mean(), abs=1e-6)
    assert metrics["objective/var"] == pytest.approx(expected.var(), rel=0.05)
    assert min(sizes) >= min(8, count)


def test_reconstructions_by_labels_are_of_the_images_own():
    """Images that are their label's shade, rebuilt from the label alone, in more than one chunk."""
    label = np.arange(600) % 10
    image = np.broadcast_to((label * 25).astype(np.uint8)[:, None, None, None], (600, 4, 4, 1))
    image = np.where(np.indices((4, 4)).sum(0)[None, ..., None] % 2, image, 255 - image)

    def reconstruct(spec, state, batch, key):
        shade = (batch["label"] * 25.0 / 127.5 - 1.0)[:, None, None, None]
        return jnp.where(np.indices((4, 4)).sum(0)[None, ..., None] % 2, shade, -shade)

    experiment = types.SimpleNamespace(
        abilities=types.SimpleNamespace(reconstruct=reconstruct, as_modelled=None),
        spec=None,
        kind="image",
        reads_labels=True,
        config=types.SimpleNamespace(evaluation=types.SimpleNamespace(num_images=500)),
    )
    held_out = Dataset("shades", image.astype(np.uint8), label, (), "shades")
    found = reconstructions.evaluate(Context(experiment, None, held_out, held_out))
    assert found["reconstruction/l1"] == pytest.approx(0.0, abs=1e-5)
    assert found["reconstruction/sharpness"] == pytest.approx(1.0, abs=1e-4)


def test_what_no_json_can_hold_is_left_out_and_named():
    """As the divergence of a single image, or of samples that are all alike."""
    metrics = {"kl": float("inf"), "nll": float("nan"), "n": 1, "collapsed": False, "l1": 0.5}
    rest = {"n": 1, "collapsed": False, "l1": 0.5}
    sentence = "Infinite or not a number: kl, nll."
    assert evaluations.finite(metrics) == rest | {"left_out": sentence}
    said = evaluations.finite(metrics | {"left_out": "Precision."})
    assert said == rest | {"left_out": f"Precision. {sentence}"}
    assert evaluations.finite(rest) == rest


def test_evaluations_are_files_and_their_first_sentences_are_known_without_importing_them():
    found = evaluations.available()
    assert {name for name, (unasked, _) in found.items() if not unasked} == {
        "kmeans",
        "parzen",
        "probe",
    }
    assert all(len(sentence) > 20 for _, sentence in found.values())
    assert found["probe"][1].startswith("A linear SVM on the features of the adversary")
    with pytest.raises(UserError, match=r'--with=prob: .* Did you mean "probe"\?'):
        evaluations.check(["prob"])


def test_only_what_was_asked_for_is_made_beside_the_usual(monkeypatch):
    made = []

    def module(name):
        def evaluate(context):
            made.append(name)
            return {f"{name}/x": context}

        return types.SimpleNamespace(evaluate=evaluate, TITLES={f"{name}/x": (name, "good")})

    monkeypatch.setattr(evaluations, "_module", module)
    usual = [name for name, (unasked, _) in evaluations.available().items() if unasked]
    assert evaluations.evaluate(3) == {f"{name}/x": 3 for name in usual}
    made.clear()
    assert "parzen/x" in evaluations.evaluate(3, ["parzen"])
    assert sorted(made) == sorted([*usual, "parzen"])
    own = {"objective/y": ("Y", "lower"), "encoder/y": ("Y", "")}
    titles = evaluations.titles(["probe/x", "objective/y", "other"], own)
    assert titles == {"probe/x": ("probe", "good"), "objective/y": ("Y", "lower")}
    assert evaluations.titles(None, own).keys() > own.keys()


CONFIGS = {
    "age_digits.py": {"codes", "objective", "quality", "parzen", "reconstructions"},
    "gans_digits.py:cgan": {"conditional", "quality", "parzen"},
    "gans_digits.py:wgan": {"objective", "quality", "parzen", "probe"},
    "gans_ring.py:wgan_gp": {"modes", "objective", "parzen"},
    "colorization_photos.py": {"color", "objective"},
    "pixelgan_ae_digits_clustering.py": {
        "codes",
        "kmeans",
        "objective",
        "quality",
        "parzen",
        "reconstructions",
    },
    "catgan_digits.py:clustering": {"codes", "kmeans", "objective", "quality", "parzen", "probe"},
    "infogan_digits.py": {"codes", "kmeans", "objective", "quality", "parzen", "probe"},
    "aegan_digits.py": {"codes", "objective", "quality", "parzen", "reconstructions"},
    "ali_digits.py": {"codes", "objective", "quality", "parzen", "reconstructions"},
    "cyclegan_digits.py": {"objective", "translation"},
    "aegan_digits.py:gan": {"quality", "parzen", "probe"},
    "aae_digits.py:supervised": {
        "codes",
        "conditional",
        "objective",
        "quality",
        "parzen",
        "reconstructions",
    },
    "temporal_ensembling_digits.py": {"codes", "objective"},
    "vae_digits.py": {"codes", "objective", "quality", "parzen", "reconstructions"},
    "vaegan_digits.py": {"codes", "objective", "quality", "parzen", "reconstructions"},
}


@pytest.mark.parametrize(("config", "names"), CONFIGS.items(), ids=CONFIGS)
def test_evaluations_say_what_they_can_give_of_an_experiment(config, names):
    experiment = build(load_config(f"configs/{config}"))
    given = {name: evaluations.titles_for(name, experiment) for name in evaluations.available()}
    assert {name for name, titles in given.items() if titles} == names
    for name, titles in given.items():
        assert titles.items() <= evaluations.titles_of(name).items()
    finds = "clustering" in config or "infogan" in config
    clusters = {"clustering", "kmeans"} if finds else set()
    clusters |= {"labelled"} if "temporal" in config else set()
    groups = {name.partition("/")[0] for titles in given.values() for name in titles}
    assert groups & {"clustering", "kmeans", "labelled", "stacked"} == clusters


@pytest.mark.parametrize("error", [OSError(30, "Read-only file system"), ValueError("odd files")])
def test_a_report_that_fails_hides_no_metrics(error, tmp_path, monkeypatch, capsys):
    experiment = types.SimpleNamespace(abilities=types.SimpleNamespace(titles={}))
    held_out = types.SimpleNamespace(name="digits")
    state = types.SimpleNamespace(step=3)
    monkeypatch.setattr("jaxgen.runs.restore.restore", lambda *a, **k: (experiment, state))
    monkeypatch.setattr("jaxgen.runs.data.load_data", lambda *a: held_out)
    monkeypatch.setattr("jaxgen.commands.compile_cache.enable_compilation_cache", lambda: None)
    monkeypatch.setattr(evaluations, "evaluate", lambda *a: {"frechet": 1.5})
    monkeypatch.setattr("jaxgen.report.run_page.write", unittest.mock.Mock(side_effect=error))
    found = evaluate_command.evaluate(tmp_path)
    assert found == {"step": 3, "data": "digits", "split": "test", "frechet": 1.5}
    assert f"cannot be written ({error.args[-1]})" in capsys.readouterr().err
