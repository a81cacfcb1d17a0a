"""Benchmarks run; what they measure is read, not tested."""

import importlib
import json
import math
import sys
import types
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import against_torch, age_step, gan_step, long_run, mutations, scaling
from jaxgen import experiment
from jaxgen.core import nets
from jaxgen.models import pixelcnn

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_compilation")]


@pytest.mark.parametrize(
    "command",
    [
        "age_step --quick --cases=float32,product",
        "gan_step --quick",
        "colorization_step --quick",
        "pixelcnn_sampling --quick",
    ],
)
def test_quick_benchmark_ends_with_its_result_in_one_line(command, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", command.split())
    importlib.import_module(f"benchmarks.{sys.argv[0]}").main()
    seconds = []

    def look_through(value):
        if isinstance(value, dict):
            seconds.extend(v for k, v in value.items() if k == "min_s")
            for inner in value.values():
                look_through(inner)

    look_through(json.loads(capsys.readouterr().out.splitlines()[-1]))
    assert len(seconds) >= 2
    assert all(math.isfinite(s) and s > 0 for s in seconds)


class Counted:
    """Stands for a module of PyTorch: what it is made of, and the numbers of its own parameters."""

    def __init__(self, *parts, own=0):
        self.parts, self.own = parts, own

    def to(self, **options):
        return self


def counted_convolution(inputs, outputs, kernel, *geometry, bias=True):
    taps = np.prod(kernel) if isinstance(kernel, tuple) else kernel**2
    return Counted(own=int(inputs * outputs * taps + outputs * bias))


@pytest.fixture
def twin(monkeypatch):
    """`benchmarks.torch_twin` on modules that only count, for PyTorch is not installed here."""
    network = types.SimpleNamespace(
        Module=Counted,
        Sequential=Counted,
        ModuleList=lambda layers: Counted(*layers),
        Conv2d=counted_convolution,
        ConvTranspose2d=counted_convolution,
        Linear=lambda i, o, bias=True: Counted(own=i * o + o * bias),
        BatchNorm2d=lambda features: Counted(own=2 * features),
        functional=None,
        **{name: lambda *_: Counted() for name in ("LeakyReLU", "ReLU", "Tanh", "AvgPool2d")},
    )
    fake = types.SimpleNamespace(nn=network, channels_last=None)
    monkeypatch.setitem(sys.modules, "torch", fake)
    monkeypatch.delitem(sys.modules, "benchmarks.torch_twin", raising=False)
    yield importlib.import_module("benchmarks.torch_twin")
    sys.modules.pop("benchmarks.torch_twin", None)


def test_twins_have_the_same_number_of_parameters(twin):
    """By the shapes that PyTorch's layers are asked for, and ours, of each network."""

    def counts(state):
        return {n: sum(x.size for x in jax.tree.leaves(tree)) for n, tree in state.params.items()}

    def count(module):
        if not isinstance(module, Counted):
            return 0
        parts = [*module.parts, *vars(module).values()]
        return module.own + sum(map(count, parts))

    for size in (32, 64):
        encoder, generator, _ = twin.age_networks(size)
        expected = {"encoder": count(encoder), "generator": count(generator)}
        made = experiment.build(experiment.load_config(age_step.CONFIGS[size]))
        assert counts(jax.eval_shape(made.create_state, jax.random.key(0))) == expected
    for objective, judge in (("gan", "discriminator"), ("wgan_gp", "critic")):
        networks = twin.gan_networks(norm=objective == "gan")
        expected = dict(zip((judge, "generator"), map(count, networks)))
        create = gan_step.build(objective, 32, 64).create_state
        assert counts(jax.eval_shape(create, jax.random.key(0))) == expected
    decoder = pixelcnn.PixelCNN(features=64, depth=10, kernel_size=3)
    image = jnp.zeros((1, 28, 28, 1))
    params, _ = jax.eval_shape(lambda: nets.init(decoder, jax.random.key(0), image))
    assert sum(x.size for x in jax.tree.leaves(params)) == count(twin.PixelCNN())


def test_ratios_are_of_the_least_seconds_of_all_alternations(monkeypatch, capsys):
    """Of two alternations: PyTorch takes 8 and 6 seconds of every case, jaxgen 3 and 4."""
    seconds = {"torch": iter((8.0, 6.0)), "ours": iter((3.0, 4.0))}
    current = 0.0

    def last_line(command, **variables):
        nonlocal current
        if "some-python" in command[0]:
            assert variables == {"OMP_WAIT_POLICY": "passive"}
            return {"torch": "2", "min_s": dict.fromkeys(names, next(seconds["torch"]))}
        assert variables == {"JAX_PLATFORMS": "cpu"}
        if command[2] == "benchmarks.age_step":
            current = next(seconds["ours"])
            return {f"{n} px": {"cases": {"float32": {"min_s": current}}} for n in (32, 64)}
        if command[2] == "benchmarks.gan_step":
            return {"cases": {name: {"min_s": current} for name in ("gan", "wgan_gp")}}
        cases = {"cases": {name: {"min_s": current} for name in ("step", "forward")}}
        return {"batches": {"16": cases, "64": cases}}

    pixels = [f"pixelcnn_{n}{end}" for n in (16, 64) for end in ("", "_forward")]
    names = ["age_32", "age_64", "gan", "wgan_gp", *pixels]
    monkeypatch.setattr(against_torch, "last_line", last_line)
    monkeypatch.setattr(sys, "argv", ["x", "--torch=some-python", "--alternations=2"])
    against_torch.main()
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["ratios"] == dict.fromkeys(names, 2.0)


def test_devices_share_the_work_and_gather_no_images():
    """Of a step over eight devices: an eighth of its FLOPs, and sums of gradients and moments."""
    made = experiment.build(experiment.load_config("configs/age_digits.py:smoke"))
    one, eight = (scaling.compiled(made, n)[0] for n in (1, 8))
    share = eight.cost_analysis()["flops"] / one.cost_analysis()["flops"]
    assert 1 / 8 <= share < 1.2 / 8  # and what every device does to all parameters
    found = scaling.collectives(eight.as_text())
    assert {kind for kind, _ in found} == {"all-reduce"}
    assert scaling.collectives(one.as_text()) == []


def test_every_update_of_a_step_counts():
    """XLA would count one turn of a loop."""
    flops = []
    for updates in (1, 2, 3):
        keys = {"hparams.generator_updates": updates}
        made = experiment.build(experiment.load_config("configs/age_digits.py:smoke", **keys))
        flops.append(scaling.compiled(made, 1)[0].cost_analysis()["flops"])
    np.testing.assert_allclose(flops[2] - flops[1], flops[1] - flops[0], rtol=0.05)
    assert flops[1] > 1.4 * flops[0]


def test_collectives_of_a_loop_count_as_often_as_it_turns():
    text = """%body (a: (f32[2])) -> (f32[2]) {
  %b = (f32[2,3]{1,0}, bf16[4]{0}) all-reduce(%x, %y), to_apply=%add
  %c = f32[8]{0} fusion(%b), kind=kLoop, calls=%inner
}

%inner (a: f32[8]) -> f32[8] {
  ROOT %d = s32[8]{0} all-gather-start(%a), dimensions={0}
}

ENTRY %main (a: f32[2]) -> f32[2] {
  %w = (f32[2]) while(%t), condition=%c, body=%body, backend_config={"known_trip_count":{"n":"3"}}
  %r = pred[5]{0} all-to-all(%w)
}
"""
    found = [("all-reduce", 24 + 8), ("all-gather", 32)] * 3
    assert scaling.collectives(text) == [*found, ("all-to-all", 5)]


def test_tenths_of_a_run_have_their_own_seconds_and_most_memory():
    """Of a run that takes twice as long a step, and twice the memory, from its middle on."""
    steps = np.arange(0.0, 1001.0, 5.0)
    late = steps > 500
    seconds = np.cumsum(np.where(late, 2.0, 1.0) * 5.0)
    rows = np.stack([seconds, steps, np.where(late, 200.0, 100.0)], axis=1)
    found = long_run.tenths(rows)
    np.testing.assert_allclose(found[:, 0], np.arange(100, 1001, 100))
    np.testing.assert_allclose(found[:, 1], [1] * 5 + [2] * 5)
    np.testing.assert_allclose(found[:, 2], [100] * 5 + [200] * 5)
    # What was not seen of the end counts for nothing.
    np.testing.assert_allclose(long_run.tenths(rows[:191])[-1, :2], [950, 2.0])


def test_every_mutant_changes_a_text_that_is_there_once():
    root = Path(__file__).parents[1]
    assert [m for m in mutations.every() if (root / m.file).read_text().count(m.old) != 1] == []
