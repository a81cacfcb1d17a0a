"""Means between log lines, and the files that metrics go to."""

import json

import numpy as np
import pytest

from jaxgen.core import NotFiniteError
from jaxgen.train.metrics import Window, Writer, read_metrics

pytestmark = pytest.mark.core


def through_a_checkpoint(window, seeds=None):
    return Window(seeds, json.loads(json.dumps(window.state, allow_nan=False)))


def test_means_of_a_run_as_numpy_has_them_also_through_a_checkpoint():
    loss = np.random.default_rng(0).normal(size=9)
    window = Window()
    window.add(0, {"a/loss": loss[:5], "b/loss": 2 * loss[:5]})
    window = through_a_checkpoint(window)
    window.add(5, {"a/loss": loss[5:], "b/loss": 2 * loss[5:]})
    means = window.take()
    assert means == {
        0: {"a/loss": pytest.approx(loss.mean()), "b/loss": pytest.approx(2 * loss.mean())}
    }
    window.add(9, {"a/loss": loss[:1], "b/loss": loss[:1]})
    assert window.take()[0]["a/loss"] == pytest.approx(loss[0])


def test_a_window_that_an_earlier_version_saved():
    window = Window(None, {"count": 2, "sums": {"a/loss": 6.0}})
    window.add(2, {"a/loss": np.array([3.0])})
    assert window.take() == {0: {"a/loss": 3.0}}


def test_the_first_bad_metric_of_a_run_is_named_with_its_step():
    window = Window()
    metrics = {"a/loss": np.array([1.0, 1.0, np.inf]), "b/loss": np.array([1.0, np.nan, 1.0])}
    with pytest.raises(
        NotFiniteError, match='Metric "b/loss" was nan at step 12; training stopped'
    ):
        window.add(10, metrics)


def test_means_of_each_seed_as_numpy_has_them():
    rng = np.random.default_rng(0)
    loss = rng.normal(size=(9, 2))
    window = Window((4, 7))
    window.add(0, {"a/loss": loss[:5]})
    window = Window((4, 7), json.loads(json.dumps(window.state)))  # through a checkpoint
    window.add(5, {"a/loss": loss[5:]})
    means = window.take()
    for index, seed in enumerate((4, 7)):
        np.testing.assert_allclose(means[seed]["a/loss"], loss[:, index].mean(), rtol=1e-12)
    window.add(9, {"a/loss": loss[:1]})
    np.testing.assert_allclose(window.take()[4]["a/loss"], loss[0, 0], rtol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_seed_that_is_not_finite_is_marked_and_the_other_goes_on(bad):
    loss = np.ones((4, 2))
    loss[2:, 1] = bad
    window = Window((0, 1))
    window.add(10, {"a/loss": loss, "b/loss": np.full((4, 2), 3.0)})
    assert window.diverged == {1: 13}
    window = Window((0, 1), json.loads(json.dumps(window.state, allow_nan=False)))
    assert window.take() == {0: {"a/loss": 1.0, "b/loss": 3.0}}
    window.add(14, {"a/loss": np.ones((1, 2)), "b/loss": np.ones((1, 2))})
    assert window.take().keys() == {0}  # for good
    assert window.diverged == {1: 13}


def test_lines_after_the_step_of_a_checkpoint_are_taken_again(tmp_path):
    writer = Writer(tmp_path, 0)
    for step in (10, 20, 30):
        writer.write(step, {"a/loss": step / 2})
    writer.close()
    with open(tmp_path / "metrics.jsonl", "a") as file:
        file.write('{"step": 40, "a/l')  # a crash
    assert [line["step"] for line in read_metrics(tmp_path / "metrics.jsonl")] == [10, 20, 30]
    writer = Writer(tmp_path, 20)
    writer.write(30, {"a/loss": 7.0})
    writer.close()
    lines = read_metrics(tmp_path / "metrics.jsonl")
    assert lines == [
        {"step": 10, "a/loss": 5.0},
        {"step": 20, "a/loss": 10.0},
        {"step": 30, "a/loss": 7.0},
    ]
    assert list((tmp_path / "events").glob("events.out.tfevents.*"))


def test_a_line_is_on_disk_before_write_returns(tmp_path):
    writer = Writer(tmp_path, 0)
    writer.write(1, {"a/loss": 1.0})
    assert (tmp_path / "metrics.jsonl").read_text() == '{"step": 1, "a/loss": 1.0}\n'
    writer.close()
    assert read_metrics(tmp_path / "none.jsonl") == []
