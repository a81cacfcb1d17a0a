"""Means between log lines, and the files that metrics go to."""

import errno
import json
import os
import struct

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


def test_a_step_without_metrics_logs_none():
    window = Window()
    window.add(0, {})
    assert window.take() == {0: {}}


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


def test_an_odd_line_costs_that_line_only(tmp_path):
    good = [
        '{"step": 1, "a/loss": 1.0}',
        '{"step": 2, "a/loss": 2.0}',
        '{"step": 3, "a/loss": 3.0}',
    ]
    odd = ['{"step": 1, "a', "7", '{"a/loss": 2.0}', '{"step": "x"}', "\udce9"]
    text = "\n".join([good[0], *odd, good[1], "", good[2]])
    (tmp_path / "metrics.jsonl").write_bytes(text.encode(errors="surrogateescape"))
    writer = Writer(tmp_path, 2)
    writer.write(3, {"a/loss": 4.0})
    writer.close()
    assert [x["a/loss"] for x in read_metrics(tmp_path / "metrics.jsonl")] == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("text", "what"), [('{"step": 40}\n', "goes to step 40"), ("alien\n", "cannot be read")]
)
def test_a_log_without_its_checkpoint_is_kept(text, what, tmp_path):
    said = []
    for number in (1, 2):
        (tmp_path / "metrics.jsonl").write_text(text)
        Writer(tmp_path, 0, said.append).close()
        assert (tmp_path / f"metrics.{number}.jsonl").read_text() == text
        assert what in said[-1]
        assert f"kept as metrics.{number}.jsonl" in said[-1]
    Writer(tmp_path, 0, said.append).close()  # an empty log is none
    assert len(said) == 2


def test_lines_after_a_checkpoint_are_no_lost_log(tmp_path):
    """Where checkpoints come oftener than lines there may be none before the first checkpoint."""
    (tmp_path / "metrics.jsonl").write_text('{"step": 200}\n')
    said = []
    Writer(tmp_path, 100, said.append).close()
    assert said == []
    assert read_metrics(tmp_path / "metrics.jsonl") == []


def full(*args):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_events_that_cannot_be_written_are_told_once(tmp_path, monkeypatch):
    said = []
    writer = Writer(tmp_path, 0, said.append)
    writer.write(1, {"a/loss": 1.0})
    monkeypatch.setattr(writer._events._file._py_recordio_writer, "write", full)
    for step in range(2, 40):
        writer.write(step, {"a/loss": 1.0})
        writer.image(step, "samples", np.zeros((2, 2, 3), np.uint8))
    assert len(read_metrics(tmp_path / "metrics.jsonl")) == 39
    assert said == [
        f"{tmp_path}/events cannot be written (No space left on device); training goes on without"
    ]
    writer.close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_log_that_cannot_be_written_is_told_once_and_comes_back(tmp_path):
    said = []
    writer = Writer(tmp_path, 0, said.append)
    writer.write(1, {"a/loss": 1.0})
    file = writer._file
    writer._file = open("/dev/full", "ab", buffering=0)  # noqa: SIM115
    writer.write(2, {"a/loss": 2.0})
    writer.write(3, {"a/loss": 3.0})
    writer._file.close()
    writer._file = file
    writer.write(4, {"a/loss": 4.0})
    writer.close()
    assert [line["step"] for line in read_metrics(tmp_path / "metrics.jsonl")] == [1, 4]
    assert len(said) == 1
    assert "metrics.jsonl cannot be written" in said[0]


def test_a_line_after_a_torn_one_is_whole(tmp_path):
    class Torn:
        def __init__(self, file):
            self.file = file

        def write(self, content):
            return self.file.write(content[:9])

    writer = Writer(tmp_path, 0, [].append)
    file, writer._file = writer._file, Torn(writer._file)
    writer.write(1, {"a/loss": 1.0})
    writer._file = file
    writer.write(2, {"a/loss": 2.0})
    writer.close()
    assert [line["step"] for line in read_metrics(tmp_path / "metrics.jsonl")] == [2]


@pytest.mark.parametrize("name", ["metrics.jsonl", "events"])
def test_files_where_folders_should_be_and_the_other_way_round(name, tmp_path):
    if name == "events":
        (tmp_path / name).write_text("")
    else:
        (tmp_path / name).mkdir()
    said = []
    writer = Writer(tmp_path, 0, said.append)
    writer.write(1, {"a/loss": 1.0})
    writer.close()
    assert len(said) == 1
    assert f"{name} cannot be written" in said[0]


def test_tensorboard_reads_scalars_and_pictures_and_drops_what_is_taken_again(tmp_path):
    writer = Writer(tmp_path, 0)
    writer.write(10, {"a/loss": 1.5})
    writer.image(10, "samples", np.zeros((4, 6, 3), np.uint8))
    writer.close()
    Writer(tmp_path, 10).close()
    files = sorted((tmp_path / "events").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert len(files) == 2
    found = [event for file in files for event in events_of(file)]
    assert next((e.step, v.tag, v.simple_value) for e in found for v in e.summary.value) == (
        10,
        "a/loss",
        1.5,
    )
    assert [
        (v.image.height, v.image.width)
        for e in found
        for v in e.summary.value
        if v.HasField("image")
    ] == [(4, 6)]
    assert [e.step for e in found if e.HasField("session_log")] == [1, 11]


def events_of(path):
    """The events of a file in the format of TFRecord: length, its sum, content, its sum."""
    from tensorboardX.proto import event_pb2

    content = path.read_bytes()
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        yield event_pb2.Event.FromString(content[12 : 12 + length])
        content = content[16 + length :]
