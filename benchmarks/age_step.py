r"""How fast one AGE training step is, against the arithmetic that it consists of.

    python -m benchmarks.age_step --size 32,64 --rounds 5
    python -m benchmarks.age_step --quick          # 16 px, two rounds, without the slow case

The networks and the step are those of configs/age_{digits,cifar10,celeba}.py at batch 64, on random
images. Cases: `float32` and `mixed` (bfloat16 products); `flax`, the same networks made of Flax's
own Conv and ConvTranspose, from the same parameters (its loss must agree); `product`, one large
float32 matrix product; `dispatch`, ten steps in ten calls against ten in one (16 px); `input`, the
part of a step's time that its batch of images takes to be made. GFLOP/s count the products that the
losses need and nothing else. With others on the machine compare CPU seconds.
"""

import argparse
import functools
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import age_networks, harness
from jaxgen import experiment
from jaxgen.core import Spec, TrainState
from jaxgen.data.dataset import Dataset
from jaxgen.data.pipeline import Pipeline
from jaxgen.objectives import age

CONFIGS = {
    16: "configs/age_digits.py",
    32: "configs/age_cifar10.py",
    64: "configs/age_celeba.py",
}
CASES = ("float32", "mixed", "flax", "product", "dispatch", "input")
PRODUCT_SIZE = 4096


def build(size: int, precision: str) -> tuple[Spec, TrainState, dict[str, jax.Array]]:
    """(spec, state, batch) of the recipe for `size`, on random images."""
    config = experiment.load_config(CONFIGS[size], precision=precision)
    built = experiment.build(config)
    shape = built.example_batch["image"].shape
    image = jax.random.uniform(jax.random.key(1), shape, minval=-1.0, maxval=1.0)
    state = jax.jit(built.create_state)(jax.random.key(0))
    return built.spec, state, {"image": image}


class Training:
    """Calls run `count` steps in one dispatch and keep the state, which is donated, as in a run."""

    def __init__(self, spec: Spec, state: TrainState, batch: dict[str, Any], count: int = 1):
        def run(state, batch, key):
            step = functools.partial(age.train_step, spec)
            if count == 1:
                return step(state, batch, key)
            return jax.lax.scan(lambda state, _: step(state, batch, key), state, length=count)

        self._state, self._batch, self._key = state, batch, jax.random.key(2)
        start = time.perf_counter()
        compiled = jax.jit(run, donate_argnums=0).lower(state, batch, self._key).compile()
        self._compiled = compiled
        memory: Any = compiled.memory_analysis()
        self.facts: dict[str, Any] = {
            "compile_s": time.perf_counter() - start,
            "temporary_mb": memory.temp_size_in_bytes / 2**20,
        }

    def __call__(self) -> TrainState:
        """The state after `count` more steps."""
        self._state, metrics = self._compiled(self._state, self._batch, self._key)
        if "first_loss" not in self.facts:
            self.facts["first_loss"] = float(jnp.ravel(metrics["encoder/loss"])[0])
        return self._state


def input_pipeline_seconds(size: int, channels: int, batch_size: int, rounds: int) -> dict:
    """Seconds to make one batch: resident (indices) and streamed (images), without prefetching."""
    image = np.random.default_rng(0).integers(0, 256, (20_000, size, size, channels), np.uint8)
    dataset = Dataset("random", image, None, (), "")
    seconds = {}
    for resident in (True, False):
        pipeline = Pipeline(dataset, batch_size=batch_size, seed=0, resident=resident)
        fetch = jax.jit(lambda source, raw: Pipeline.fetch(source, raw)["image"] / 127.5 - 1.0)

        def one(step, pipeline=pipeline, fetch=fetch):
            raw = jax.tree.map(lambda x: x[0], pipeline.batches(step, 1))
            return jax.block_until_ready(fetch(pipeline.source, raw))

        one(0)
        times = []
        for step in range(1, 10 * rounds + 1):
            start = time.perf_counter()
            one(step)
            times.append(time.perf_counter() - start)
        seconds["resident" if resident else "streamed"] = min(times)
    return seconds


def run_size(size: int, cases: tuple[str, ...], rounds: int, count: int) -> dict[str, Any]:
    """All cases of one image size; prints their table and returns their numbers, of one step."""
    calls: dict[str, Any] = {}
    for precision in ("float32", "mixed"):
        if precision in cases:
            calls[precision] = Training(*build(size, precision), count)
    spec, state, batch = build(size, "float32")
    flops = age_networks.step_flops(spec, state, batch)
    if "flax" in cases:
        calls["flax"] = Training(*age_networks.with_flax_layers(spec, state, batch), batch, count)
    if "product" in cases:
        matrix = jax.random.normal(jax.random.key(2), (PRODUCT_SIZE, PRODUCT_SIZE))
        calls["product"] = functools.partial(jax.jit(jnp.matmul), matrix, matrix)
    results = harness.measure(calls, rounds, once=("flax",) if size > 16 else ())
    for name, result in results.items():
        if name == "product":
            work = 2.0 * PRODUCT_SIZE**3
        else:
            work = flops
            result.update({key: result[key] / count for key in ("min_s", "median_s", "min_cpu_s")})
            result.update(calls[name].facts)
        result["gflops_per_s"] = work / result["min_s"] / 1e9
        result["gflop_per_cpu_s"] = work / result["min_cpu_s"] / 1e9
    summary = {"gflop_per_step": flops / 1e9, "cases": results, "ratios": _ratios(results)}
    if "input" in cases and "float32" in results:
        summary["input"] = _input(size, batch, rounds, results)
    _print(size, summary)
    return summary


def _ratios(results):
    pairs = {
        "float32 / product, of GFLOP/s": ("float32", "product", "gflops_per_s"),
        "float32 / product, of GFLOP per CPU s": ("float32", "product", "gflop_per_cpu_s"),
        "mixed / float32, of speed": ("mixed", "float32", "gflops_per_s"),
        "mixed / float32, of speed per CPU s": ("mixed", "float32", "gflop_per_cpu_s"),
        "float32 / flax, of speed": ("float32", "flax", "gflops_per_s"),
    }
    return {
        name: results[a][field] / results[b][field]
        for name, (a, b, field) in pairs.items()
        if a in results and b in results
    }


def _input(size, batch, rounds, results):
    batch_size, _, _, channels = batch["image"].shape
    seconds = input_pipeline_seconds(size, channels, batch_size, rounds)
    step = results["float32"]["min_s"]
    return {f"{name} share of a float32 step": s / step for name, s in seconds.items()}


def _print(size, summary):
    rows = [
        ["case", "min s", "median s", "GFLOP/s", "per CPU s", "compile s", "temporary MB", "loss"]
    ]
    for name, r in summary["cases"].items():
        times = (f"{r['min_s']:.3f}", f"{r['median_s']:.3f}")
        rates = (f"{r['gflops_per_s']:.0f}", f"{r['gflop_per_cpu_s']:.0f}")
        facts = (f"{r[k]:.0f}" if k in r else "" for k in ("compile_s", "temporary_mb"))
        loss = f"{r['first_loss']:.5f}" if "first_loss" in r else ""
        rows.append([name, *times, *rates, *facts, loss])
    print(f"\nAGE at {size} px, {summary['gflop_per_step']:.1f} GFLOP a step")
    print(harness.table(rows))
    for name, value in {**summary["ratios"], **summary.get("input", {})}.items():
        print(f"{name}: {value:.4g}")


def run_dispatch(rounds: int) -> dict[str, Any]:
    """Seconds of ten 16 px steps: in ten dispatches and in one."""
    one, ten = (Training(*build(16, "float32"), count) for count in (1, 10))
    cases = {"ten dispatches": lambda: [one() for _ in range(10)][-1], "one dispatch": ten}
    results = harness.measure(cases, 3 * rounds, progress=lambda _: None)
    ratio = results["ten dispatches"]["min_s"] / results["one dispatch"]["min_s"]
    print(f"\n16 px, ten steps: one dispatch is {ratio:.2f} times as fast as ten")
    return {"cases": results, "speed-up": ratio}


def main() -> None:
    """Runs what the flags say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", default="32,64", help="image sizes, of 16, 32, 64")
    parser.add_argument("--cases", default=",".join(CASES), help=f"of {', '.join(CASES)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1, help="training steps in one dispatch")
    parser.add_argument("--quick", action="store_true", help="16 px, two rounds, without flax")
    flags = parser.parse_args()
    sizes, cases, rounds = flags.size.split(","), tuple(flags.cases.split(",")), flags.rounds
    if flags.quick:
        sizes, rounds, cases = ["16"], 2, tuple(case for case in cases if case != "flax")
    unknown = [c for c in cases if c not in CASES] + [
        s for s in sizes if s not in ("16", "32", "64")
    ]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    result: dict[str, Any] = {"machine": harness.machine()}
    print(harness.table([["machine", ""], *([k, str(v)] for k, v in result["machine"].items())]))
    for size in sizes:
        result[f"{size} px"] = run_size(int(size), cases, rounds, flags.steps)
    if "dispatch" in cases:
        result["dispatch"] = run_dispatch(rounds)
    result["load_after"] = list(harness.machine()["load"])
    result["peak_memory_mb"] = harness.peak_memory_mb()
    print(f"peak memory of the process: {result['peak_memory_mb']:.0f} MB")
    harness.report(result)


if __name__ == "__main__":
    main()
