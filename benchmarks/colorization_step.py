r"""Training steps of colorization, and what Lab takes of one, side by side.

    python -m benchmarks.colorization_step --rounds 5
    python -m benchmarks.colorization_step --quick          # 16 px, narrow, two rounds

pix2pix's U-Net of 64 features and patches of 70 px, GAN and L1, one update of each player, on
random images u8: 128 px in batches of 4, and 64 px in batches of 16. `lab`: lightness and chroma of
the same images alone, as the step makes them of the cache. `step without lab`: the step on
lightness and chroma made before; Lab's share is what the step with it takes longer. `product`: a
plain matrix product, whose GFLOP/s are as many as this machine has.
"""

import argparse
import functools
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks import harness
from configs import colorizers
from jaxgen import experiment
from jaxgen.data import preprocess

SIDE = 2048  # of the product's matrices


def build(size: int, batch_size: int, features: int) -> experiment.Experiment:
    """The comparison's experiment with the GAN."""
    field = 70 if size > 16 else 16
    config: Any = colorizers.colorizer(
        "gan",
        num_steps=1,
        image_size=size,
        batch_size=batch_size,
        features=features,
        receptive_field=field,
    )
    config.data.name = "photos"
    return experiment.build(config)


class Training:
    """Each call is one step of one state, which is donated; from u8 images, or from Lab."""

    def __init__(self, exp: experiment.Experiment, *, from_lab: bool):
        shape = exp.example_batch["image"].shape
        images = jax.random.randint(jax.random.key(0), shape, 0, 256).astype(jnp.uint8)
        self._state = jax.jit(exp.create_state)(jax.random.key(0))
        self._raw: Any = lab_of(images) if from_lab else {"image": images}

        def step(state, raw, key):
            batch = raw if from_lab else lab(raw["image"])
            return exp.objective.train_step(exp.spec, state, batch, key)

        self._run = (
            jax.jit(step, donate_argnums=0)
            .lower(self._state, self._raw, jax.random.key(1))
            .compile()
        )
        costs = self._run.cost_analysis() or {}
        self.flops = float(costs.get("flops", 0.0))

    def __call__(self):
        """The state after one more step."""
        self._state, _ = self._run(self._state, self._raw, jax.random.key(1))
        return self._state


def lab(images: jax.Array) -> dict[str, jax.Array]:
    """What a step reads of images u8[b,h,w,3]."""
    raw = {"image": images}
    batch = preprocess.prepare(raw, jax.random.key(0), entries=preprocess.COMPUTED)
    return {name: batch[name] for name in preprocess.COMPUTED}


lab_of = jax.jit(lab)


def cases(sizes: list[tuple[int, int]], features: int) -> tuple[dict[str, Any], dict[str, float]]:
    """(what is measured, by name; the floating-point operations of the steps)."""
    made: dict[str, Any] = {}
    flops = {"product": 2.0 * SIDE**3}
    matrix = jax.random.normal(jax.random.key(0), (SIDE, SIDE))
    made["product"] = functools.partial(jax.jit(jnp.matmul), matrix, matrix)
    for size, batch_size in sizes:
        exp = build(size, batch_size, features)
        name = f"{size} px, {batch_size} images"
        made[f"{name}: step"] = Training(exp, from_lab=False)
        made[f"{name}: step without lab"] = Training(exp, from_lab=True)
        flops[f"{name}: step"] = made[f"{name}: step"].flops
        images = jnp.zeros(exp.example_batch["image"].shape, jnp.uint8)
        made[f"{name}: lab"] = functools.partial(lab_of, images)
    return made, flops


def main() -> None:
    """Runs what the flags say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="16 px, narrow networks, two rounds")
    flags = parser.parse_args()
    sizes, features, rounds = [(128, 4), (64, 16)], 64, flags.rounds
    if flags.quick:
        sizes, features, rounds = [(16, 4)], 4, 2
    made, flops = cases(sizes, features)
    result: dict[str, Any] = {"machine": harness.machine(), "features": features}
    result["cases"] = harness.measure(made, rounds)
    seconds = {name: numbers["min_s"] for name, numbers in result["cases"].items()}
    result["gflops"] = {name: count / seconds[name] / 1e9 for name, count in flops.items()}
    names = [name.removesuffix(": step") for name in flops if name != "product"]
    result["ratios"] = {
        f"{n}: lab / step": seconds[f"{n}: lab"] / seconds[f"{n}: step"] for n in names
    }
    result["ratios"] |= {
        f"{n}: step / product, GFLOP/s": result["gflops"][f"{n}: step"]
        / result["gflops"]["product"]
        for n in names
    }
    rows = [["case", "min ms", "median ms", "GFLOP/s"]]
    for name, numbers in result["cases"].items():
        times = [f"{1e3 * numbers[key]:.2f}" for key in ("min_s", "median_s")]
        rows.append([name, *times, f"{result['gflops'][name]:.1f}" if name in flops else ""])
    print(harness.table(rows))
    for name, ratio in result["ratios"].items():
        print(f"{name}: {ratio:.3g}")
    harness.report(result)


if __name__ == "__main__":
    main()
