"""Saves survive kills, damage, full disks and other devices, bit for bit."""

import json
import logging
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import checkpoint_process
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.sharding import NamedSharding, PartitionSpec

from jaxgen.core import TrainState, UserError
from jaxgen.train import checkpoint_files
from jaxgen.train.checkpoint import Checkpoints
from jaxgen.train.checkpoint_files import free_space_check

pytestmark = pytest.mark.core
SCRIPT = Path(__file__).parent / "checkpoint_process.py"


def make_state(seed: int) -> TrainState:
    """Every kind of leaf and container that a training state has."""
    values = np.random.default_rng(seed)
    params = {
        "encoder": {"Dense_0": {"kernel": jnp.asarray(values.normal(size=(33, 47)), jnp.float32)}},
        # WeightNorm names its parameters with slashes.
        "generator": {"layer/kernel/scale": jnp.asarray(values.normal(size=5), jnp.bfloat16)},
    }
    special = jnp.asarray([0.0, -0.0, np.nan, np.inf, 1e-45], jnp.float32)
    return TrainState(
        step=jnp.asarray(seed, jnp.int32),
        params=params,
        model_state={"encoder": {"mean": special, "zeros": -jnp.zeros((300,))}, "generator": {}},
        opt_state={k: optax.adam(1e-3).init(p) for k, p in params.items()},
        ema={"encoder": jax.tree.map(jnp.copy, params["encoder"])},
    )


def assert_bitwise(actual, expected):
    assert jax.tree.structure(actual) == jax.tree.structure(expected)
    for x, y in zip(jax.tree.leaves(actual), jax.tree.leaves(expected)):
        x, y = np.asarray(x), np.asarray(y)
        assert (x.dtype, x.shape) == (y.dtype, y.shape)
        assert x.tobytes() == y.tobytes()


def saved(directory, *steps: int, **options) -> Checkpoints:
    checkpoints = Checkpoints(directory, **options)
    for step in steps:
        checkpoints.save(step, make_state(step), {"window": [0.1 * step]})
    checkpoints.wait()
    return checkpoints


@pytest.fixture(scope="module")
def two_steps(tmp_path_factory) -> Path:
    """A directory with steps 1 and 2, to be copied."""
    directory = tmp_path_factory.mktemp("two_steps") / "checkpoints"
    saved(directory, 1, 2).close()
    return directory


@pytest.fixture
def copy(two_steps, tmp_path) -> Path:
    return shutil.copytree(two_steps, tmp_path / "copy")


def largest_file(step_directory: Path) -> Path:
    """The file that holds the arrays."""
    return max((step_directory / "state").rglob("d/*"), key=lambda path: path.stat().st_size)


def flip(path: Path, offset: int) -> None:
    content = bytearray(path.read_bytes())
    content[offset] ^= 0x10
    path.write_bytes(content)


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def run(*arguments, environment=None) -> subprocess.Popen:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), **(environment or {})}
    command = [sys.executable, "-W", "error", str(SCRIPT), *map(str, arguments)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_round_trip_is_bitwise_and_silent(tmp_path, caplog, capfd):
    extra = {"config": {"lr": 1e-4, "name": "ä"}, "window": [0.1 + 0.2, math.inf], "none": None}
    extra |= {"by_number": {2: "two", 10: "ten"}}
    with caplog.at_level(logging.INFO):
        checkpoints = Checkpoints(tmp_path / "run" / "checkpoints")
        checkpoints.save(5, make_state(5), extra, {"loss": 1.5})
        checkpoints.close()
        found = Checkpoints(tmp_path / "run" / "checkpoints").restore(make_state(0))
    assert found is not None
    assert (found[0], found[2]) == (5, json.loads(json.dumps(extra)))
    assert_bitwise(found[1], make_state(5))
    assert not [r for r in caplog.records if "orbax" in r.pathname or r.levelno > logging.INFO]
    assert capfd.readouterr() == ("", "")


def test_users_own_absl_messages_still_pass(caplog):
    from absl import logging as absl_logging

    with caplog.at_level(logging.INFO, logger="absl"):
        absl_logging.info("mine")
    assert "mine" in caplog.text


def test_no_directory_is_no_checkpoint_and_makes_none(tmp_path):
    checkpoints = Checkpoints(tmp_path / "absent")
    assert checkpoints.restore(make_state(0)) is None
    assert checkpoints.steps() == []
    checkpoints.close()
    assert not (tmp_path / "absent").exists()


def test_numpy_python_scalars_and_empty_arrays(tmp_path):
    state = {"a": np.float64(math.pi), "b": 3, "c": 0.1, "d": True, "e": np.zeros((0, 3)), "f": {}}
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, state, {})
    found = checkpoints.restore(state | {"a": np.float64(0), "b": 0, "c": 0.0, "d": False})
    assert found is not None
    assert found[1].keys() == state.keys()
    for name in "abcd":
        assert found[1][name] == state[name]
    assert [type(found[1][name]) for name in "bcd"] == [int, float, bool]
    assert found[1]["e"].shape == (0, 3)
    checkpoints.close()


def test_state_may_be_donated_and_host_arrays_overwritten_after_save(tmp_path):
    double = jax.jit(lambda x: 2 * x, donate_argnums=0)
    device, host = jnp.full((1000, 1000), 3.0), np.full((1000, 1000), 4.0)
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, {"device": device, "host": host}, {})
    host[:] = 0
    double(device).block_until_ready()
    assert device.is_deleted()
    found = checkpoints.restore({"device": jnp.zeros((1000, 1000)), "host": host})
    assert found is not None
    assert (found[1]["device"] == 3).all()
    assert (found[1]["host"] == 4).all()
    # What was restored may be donated as well.
    assert (double(double(found[1]["device"])) == 12).all()
    checkpoints.close()


@pytest.mark.parametrize(
    ("mode", "kept", "metrics"),
    [
        ("min", [2, 5, 6], [5.0, 2.0, math.nan, 9.0, None, 9.5]),
        ("max", [1, 5, 6], [5.0, 2.0, math.nan, 4.0, None, -9.5]),
        ("min", [5, 6], [math.nan, None, math.nan, None, None, 1.0]),
    ],
)
def test_newest_and_best_are_kept(tmp_path, mode, kept, metrics):
    checkpoints = Checkpoints(tmp_path, keep=2, best_metric="fid", best_mode=mode)
    for step, value in enumerate(metrics, start=1):
        checkpoints.save(
            step, {"a": np.full(3, step)}, {}, None if value is None else {"fid": value}
        )
        if step == 3:  # The best is remembered by the files, not by the object.
            checkpoints.close()
            checkpoints = Checkpoints(tmp_path, keep=2, best_metric="fid", best_mode=mode)
    checkpoints.close()
    assert checkpoints.steps() == kept
    assert sorted(path.name for path in tmp_path.iterdir()) == [str(step) for step in kept]


def test_saving_a_good_step_again_changes_nothing(copy):
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*")}
    checkpoints = Checkpoints(copy)
    checkpoints.save(2, make_state(2), {"window": "other"})
    checkpoints.close()
    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*")} == before


def test_saving_before_a_later_good_step_is_refused(copy):
    shutil.copytree(copy / "2", copy / "20")
    checkpoints = Checkpoints(copy)
    found = checkpoints.restore(make_state(0), step=1)
    assert found is not None
    assert_bitwise(found[1], make_state(1))
    with pytest.raises(UserError, match=r"Step 3 .*already holds the later steps \[20\]"):
        checkpoints.save(3, make_state(3), {})
    assert checkpoints.steps() == [1, 2, 20]
    checkpoints.close()


def damage_record(step: Path) -> None:
    path = step / "record" / "record.json"
    path.write_text(path.read_text().replace("0.2", "0.3"))


DAMAGES = {
    "truncated data": (lambda step: truncate(largest_file(step)), ""),
    "missing data": (lambda step: largest_file(step).unlink(), ""),
    "flipped byte in data": (lambda step: flip(largest_file(step), 3000), ""),
    "truncated metadata": (lambda step: truncate(step / "state" / "_METADATA"), ""),
    "missing manifest": (lambda step: (step / "state" / "manifest.ocdbt").unlink(), ""),
    "truncated record": (lambda step: truncate(step / "record" / "record.json"), "record.json"),
    "missing record": (lambda step: (step / "record" / "record.json").unlink(), "record.json"),
    "changed record": (damage_record, "checksum of record.json"),
    "empty step": (lambda step: (shutil.rmtree(step), step.mkdir()), "record.json"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_newest_is_reported_passed_over_and_replaced(copy, caplog, name):
    damage, reason = DAMAGES[name]
    damage(copy / "2")
    checkpoints = Checkpoints(copy)
    found = checkpoints.restore(make_state(0))
    assert found is not None
    assert (found[0], found[2]) == (1, {"window": [0.1]})
    assert_bitwise(found[1], make_state(1))
    (message,) = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert "step 2" in message
    assert "step 1 is used instead" in message
    assert reason in message
    # Reading changes nothing on disk; the run goes on and writes step 2 again.
    assert checkpoints.steps() == [1, 2]
    checkpoints.save(2, make_state(2), {"again": True})
    checkpoints.wait()
    found = checkpoints.restore(make_state(0))
    assert found is not None
    assert (found[0], found[2]) == (2, {"again": True})
    assert_bitwise(found[1], make_state(2))
    checkpoints.close()


def test_leftovers_are_no_steps_and_go_with_the_first_save(copy):
    leftovers = [copy / "3.orbax-checkpoint-tmp", copy / "1.discarded"]
    for path in leftovers:
        shutil.copytree(copy / "1", path)
    checkpoints = Checkpoints(copy)
    found = checkpoints.restore(make_state(0))
    assert found is not None
    assert found[0] == 2
    # They may belong to another program that trains here: only a writer deletes.
    assert all(path.exists() for path in leftovers)
    checkpoints.save(3, make_state(3), {})
    checkpoints.close()
    assert sorted(path.name for path in copy.iterdir()) == ["2", "3"]


def test_damaged_later_step_gives_way_to_a_save_between(tmp_path):
    saved(tmp_path, 10, 30).close()
    truncate(largest_file(tmp_path / "30"))
    checkpoints = Checkpoints(tmp_path)
    found = checkpoints.restore(make_state(0))
    assert found is not None
    assert found[0] == 10
    checkpoints.save(20, make_state(20), {})
    checkpoints.wait()
    assert checkpoints.steps() == [10, 20]
    checkpoints.close()


def test_damaged_step_is_replaced_by_a_save_without_a_restore(copy):
    flip(largest_file(copy / "2"), 3000)
    saved(copy, 2).close()
    found = Checkpoints(copy).restore(make_state(0))
    assert found is not None
    assert found[0] == 2
    assert_bitwise(found[1], make_state(2))


def test_no_damage_to_any_file_gives_wrong_values(two_steps, tmp_path):
    """Each file truncated, missing and with flipped bytes: the right values or the step before."""
    files = [path.relative_to(two_steps) for path in (two_steps / "2").rglob("*") if path.is_file()]
    outcomes = {1: 0, 2: 0}
    shutil.copytree(two_steps, tmp_path / "copy")
    checkpoints = Checkpoints(tmp_path / "copy")
    for file in files:
        path = tmp_path / "copy" / file
        intact = path.read_bytes()
        offsets = {0, len(intact) // 3, len(intact) // 2, len(intact) - 1}
        for damage in (truncate, Path.unlink, *(lambda p, i=i: flip(p, i) for i in offsets)):
            damage(path)
            found = checkpoints.restore(make_state(0))
            assert found is not None
            assert_bitwise(found[1], make_state(found[0]))
            outcomes[found[0]] += 1
            path.write_bytes(intact)
    checkpoints.close()
    assert outcomes[1] > 10


def test_all_damaged_and_absent_steps_are_told(copy):
    checkpoints = Checkpoints(copy)
    with pytest.raises(UserError, match=r"No checkpoint of step 7 .*\[1, 2\]"):
        checkpoints.restore(make_state(0), step=7)
    truncate(largest_file(copy / "2"))
    with pytest.raises(UserError, match=r"step 2: .*another of the steps \[1\]"):
        checkpoints.restore(make_state(0), step=2)
    shutil.rmtree(copy / "1" / "state")
    with pytest.raises(UserError, match=r"No good checkpoint .*step 2: .*step 1: "):
        checkpoints.restore(make_state(0))
    checkpoints.close()


def test_differences_are_listed_and_are_not_damage(copy, caplog):
    wanted = make_state(0)
    kernel = wanted.params["encoder"]["Dense_0"]["kernel"]
    wanted.params["encoder"]["Dense_0"] = {
        "kernel": kernel.astype(jnp.bfloat16),
        "bias": jnp.zeros(3),
    }
    wanted.model_state["encoder"]["mean"] = jnp.zeros(6)
    del wanted.ema["encoder"]
    with pytest.raises(UserError) as caught:
        Checkpoints(copy).restore(wanted)
    assert str(caught.value).splitlines()[1:] == [
        "  ema/encoder/Dense_0/kernel: saved float32[33, 47], wanted nothing",
        "  model_state/encoder/mean: saved float32[5], wanted float32[6]",
        "  params/encoder/Dense_0/bias: saved nothing, wanted float32[3]",
        "  params/encoder/Dense_0/kernel: saved float32[33, 47], wanted bfloat16[33, 47]",
    ]
    assert "step 2" in str(caught.value)
    assert not caplog.records


def test_other_device_counts(tmp_path):
    devices = jax.devices()
    assert len(devices) == 8

    def placed(count, spec):
        mesh = jax.sharding.Mesh(np.array(devices[:count]), ("data",))
        return NamedSharding(mesh, PartitionSpec(spec))

    value = np.arange(64, dtype=np.float32).reshape(16, 4)
    state = {"a": jax.device_put(value, placed(8, "data"))}
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, state, {})
    shardings = (placed(8, None), placed(4, "data"), placed(1, None))
    for sharding in (*shardings, jax.sharding.SingleDeviceSharding(devices[3]), None):
        target = {"a": jax.ShapeDtypeStruct((16, 4), jnp.float32, sharding=sharding)}
        found = checkpoints.restore(target)
        assert found is not None
        np.testing.assert_array_equal(np.asarray(found[1]["a"]), value)
        assert found[1]["a"].committed == (sharding is not None)
        if sharding is not None:
            assert found[1]["a"].sharding == sharding
    checkpoints.close()
    # A checksum taken on 8 devices holds in a process that has one.
    process = run("on_one_device", tmp_path, environment={"JAX_NUM_CPU_DEVICES": "1"})
    assert process.communicate(timeout=60) == (f"{value.sum()} 1\n", "")


def test_single_device_saves_restore_on_eight(copy):
    mesh = jax.make_mesh((8,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
    everywhere = NamedSharding(mesh, PartitionSpec())
    target = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=everywhere), make_state(0)
    )
    found = Checkpoints(copy).restore(target)
    assert found is not None
    assert_bitwise(found[1], make_state(2))
    assert all(x.sharding == everywhere for x in jax.tree.leaves(found[1]))


def test_free_space_check(tmp_path):
    free = shutil.disk_usage(tmp_path).free
    free_space_check(tmp_path / "not" / "yet", free // 2)
    with pytest.raises(UserError, match=r"needs about .* MB .* MB free; free some space"):
        free_space_check(tmp_path / "not" / "yet", 2 * free)


def test_wrong_options_are_refused(tmp_path):
    with pytest.raises(UserError, match="keep=0"):
        Checkpoints(tmp_path, keep=0)
    with pytest.raises(UserError, match="lowest"):
        Checkpoints(tmp_path, best_mode="lowest")


def test_unwritable_directory_is_a_user_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"file.checkpoints cannot be read \(Not a directory\)"):
        Checkpoints(tmp_path / "file" / "checkpoints").save(1, {"a": np.zeros(3)}, {})


@pytest.mark.parametrize("name", ["lr=[1e-4]", "back\\slash", "two**stars"])
def test_a_path_that_orbax_takes_for_a_pattern_is_refused(name, tmp_path):
    with pytest.raises(UserError, match=r"cannot be saved in .*choose a --workdir"):
        saved(tmp_path / name / "checkpoints", 1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["[]", "a*b", "a?b", "{a}", "50% $x & é", "]["])
def test_other_odd_paths_save_and_restore(name, tmp_path):
    saved(tmp_path / name, 1).close()
    _, state, _ = Checkpoints(tmp_path / name).restore(make_state(0))
    assert_bitwise(state, make_state(1))


def test_a_save_that_cannot_be_restored_is_told_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint_files, "require_plain_path", lambda directory: None)
    with pytest.raises(UserError, match=r"Step 1 was saved in .* but cannot be restored"):
        saved(tmp_path / "run[1]", 1)


def test_the_last_save_is_read_back(tmp_path, monkeypatch):
    checkpoints = saved(tmp_path, 1)
    checkpoints.wait()
    monkeypatch.setattr(checkpoint_files, "checksum", lambda array: 0)
    checkpoints.save(2, make_state(2), {})
    monkeypatch.undo()
    with pytest.raises(UserError, match=r"Step 2 was saved in .* but cannot be restored"):
        checkpoints.close()


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")]
)
def test_a_record_that_cannot_be_read_is_not_damaged(error, tmp_path, monkeypatch):
    saved(tmp_path, 1, 2).close()

    def refuse(path, *args, **kwargs):
        if path.parts[-3:] == ("2", "record", "record.json"):
            raise error
        return read_text(path, *args, **kwargs)

    read_text = Path.read_text
    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(UserError, match=rf"step 2 in .* could not be read \({error.strerror}\)"):
        Checkpoints(tmp_path).restore(make_state(0))
    monkeypatch.undo()
    assert Checkpoints(tmp_path).restore(make_state(0))[0] == 2


def test_an_older_step_that_cannot_be_read_ends_nothing(tmp_path, monkeypatch):
    saved(tmp_path, 1, 2, keep=3).close()
    checkpoints = Checkpoints(tmp_path, keep=2, best_metric="loss")
    checkpoints.restore(make_state(0))
    read = checkpoint_files.read

    def refuse(directory, step):
        if step == 1:
            raise UserError("it could not be read")
        return read(directory, step)

    monkeypatch.setattr(checkpoint_files, "read", refuse)
    checkpoints.save(3, make_state(3), {})
    checkpoints.close()
    assert checkpoints.steps()[-2:] == [2, 3]


def test_arrays_that_cannot_be_read_are_not_damaged(tmp_path, monkeypatch):
    saved(tmp_path, 1, 2).close()
    checkpoints = Checkpoints(tmp_path)

    def refuse(*args, **kwargs):
        raise ValueError('Error opening "zarr" driver') from OSError(24, "Too many open files")

    monkeypatch.setattr(checkpoints._checkpointer, "restore", refuse)
    with pytest.raises(UserError, match=r"step 2 in .* could not be read \(Too many open files\)"):
        checkpoints.restore(make_state(0))


def test_what_is_no_step_is_left_alone(tmp_path):
    for name in ("007", "1²", "60.bak", "60 (copy)", "-3"):
        (tmp_path / name).mkdir(parents=True)
    checkpoints = saved(tmp_path, 1, 2, 3)
    checkpoints.close()
    assert checkpoints.steps() == [2, 3]
    assert (tmp_path / "007").exists()


def test_a_checkpoint_under_the_number_of_another_is_damaged(tmp_path):
    saved(tmp_path, 1, 2).close()
    (tmp_path / "2").rename(tmp_path / "5")
    step, state, _ = Checkpoints(tmp_path).restore(make_state(0))
    assert step == 1
    assert_bitwise(state, make_state(1))


def fill_disk(directory: Path, moment: str) -> str:
    """The sentence of the failed save; the older and a later, smaller checkpoint are good.

    Writers that orbax abandoned may leave files behind as long as their program lives; what holds
    is that the next program's first save deletes them.
    """
    output, errors = run("fill_disk", directory, moment).communicate(timeout=60)
    assert errors == ""
    lines = output.splitlines()
    assert ("returned" in lines) == (moment != "early")
    assert lines[-1] == "steps [1, 3]"
    checkpoints = Checkpoints(directory)
    checkpoints.save(4, {"a": np.arange(1000) + 4}, {})
    checkpoints.close()
    assert sorted(path.name for path in directory.iterdir()) == ["3", "4"]
    for step in (3, 4):
        found = checkpoints.restore({"a": np.arange(1000)}, step)
        assert found is not None
        np.testing.assert_array_equal(found[1]["a"], np.arange(1000) + step)
    (message,) = [line for line in lines if line.startswith("Step 2 could not be saved")]
    assert "; step 1 is still good, so " in message
    return message


def test_only_the_first_failure_of_a_save_is_told(caplog):
    """As asyncio tells of the others, where it does depends on what is collected when."""
    task = "Task exception was never retrieved\nfuture: <Task finished coro=<write() at {}/a.py:1>"
    logger = logging.getLogger("asyncio")
    logger.error(task.format("site-packages/orbax/checkpoint"))
    assert caplog.text == ""
    logger.error(task.format("site-packages/mine"))
    logger.error("orbax/checkpoint says something else")
    assert len(caplog.records) == 2


@pytest.mark.parametrize("moment", ["early", "late"])
@pytest.mark.slow
def test_full_disk(tmp_path, moment):
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(tmp_path)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a small file system cannot be mounted here: {error}")
    try:
        message = fill_disk(tmp_path / "checkpoints", moment)
    finally:
        # Lazy: a thread of what failed may still be closing a file.
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)
    assert "the disk is full (" in message
    assert "about 48.0 MB needed)" in message
    assert message.endswith("so free some space and start the same command again.")


@pytest.mark.slow
def test_file_size_limit(tmp_path):
    assert "File too large" in fill_disk(tmp_path / "checkpoints", "limit")


@pytest.mark.slow
def test_kill_in_the_middle_of_a_save(tmp_path):
    """kill -9 at several moments of a 48 MB save: the step before it is there, bit for bit."""
    first, interrupted = 1, 0
    # Seconds after the call, and seconds after its first file: a busy machine shifts the former.
    for wait_for_file, delay in (
        (False, 0),
        (False, 0.05),
        (True, 0),
        (True, 0),
        (True, 0.03),
        (True, 0.1),
    ):
        process = run("save_for_ever", tmp_path, first)
        assert process.stdout is not None
        # The first save of a process is slow, and complete when the second begins.
        while process.stdout.readline() != f"saving {first + 1}\n":
            assert process.poll() is None
        while wait_for_file and not any(tmp_path.glob(f"{first + 1}*tmp*")):
            assert process.poll() is None
        time.sleep(delay)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        interrupted += any(tmp_path.glob(f"{first + 1}*tmp*"))
        checkpoints = Checkpoints(tmp_path)
        found = checkpoints.restore(checkpoint_process.large_state(0))
        checkpoints.close()
        assert found is not None
        assert found[0] >= first
        assert_bitwise(found[1], checkpoint_process.large_state(found[0]))
        assert found[2] == {"step": found[0]}
        first = found[0] + 1
    assert interrupted >= 2
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(first, {"a": np.zeros(3)}, {})
    checkpoints.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [str(s) for s in checkpoints.steps()]


@pytest.mark.slow
def test_two_processes(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {"JAX_NUM_CPU_DEVICES": "2"}
    ranks = [run("distributed", tmp_path, port, i, environment=environment) for i in range(2)]
    try:
        for index, rank in enumerate(ranks):
            output, errors = rank.communicate(timeout=60)
            assert rank.returncode == 0, errors[-3000:]
            assert f"done {index}" in output
    finally:
        for rank in ranks:
            rank.kill()
    record = json.loads((tmp_path / "4" / "record" / "record.json").read_text())
    assert record["arrays"]["sharded"][:2] == ["float32", [8, 4]]
