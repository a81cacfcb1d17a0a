r"""Training steps of the GAN family, side by side; seeds in one program against one after another.

    python -m benchmarks.gan_step --rounds 5
    python -m benchmarks.gan_step --quick          # 16 px, narrow, two rounds

One pair of networks, DCGAN's at 32 px with 3 channels and batches of 64, on random images. Cases:
each objective's step as `configs.comparisons` sets it up (WGANs update their critic five times);
`seeds`, four seeds of the GAN's step under `vmap` against the four one after another; `spread`, the
collapse indicator "generator/spread" alone, as a share of the cheapest step that has it.
"""

import argparse
import functools
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks import harness
from configs import comparisons
from jaxgen import experiment
from jaxgen.losses.moments import relative_spread

OBJECTIVES = ("gan", "lsgan", "ebgan", "wgan", "wgan_gp")
SEEDS = 4


def build(objective: Any, size: int, features: int) -> experiment.Experiment:
    """The comparison's experiment of one objective."""
    config: Any = comparisons.images(objective, features=features, latent_size=100, num_steps=1)
    config.data.update(name="photos", image_size=size, channels=3)
    return experiment.build(config)


class Training:
    """Each call is one step of one state, or of several under `vmap`; the state is donated."""

    def __init__(self, exp: experiment.Experiment, seeds: int = 0):
        def image(key):
            return jax.random.uniform(key, exp.example_batch["image"].shape, minval=-1.0)

        step: Any = functools.partial(exp.objective.train_step, exp.spec)
        keys = jax.random.key(0) if not seeds else jax.random.split(jax.random.key(0), seeds)
        create, run = exp.create_state, step
        if seeds:
            create, image = jax.vmap(create), jax.vmap(image)
            run = jax.vmap(step, in_axes=(0, 0, None))
        self._state, self._batch = jax.jit(create)(keys), {"image": jax.jit(image)(keys)}
        self._run = jax.jit(run, donate_argnums=0)

    def __call__(self):
        """The state after one more step."""
        self._state, _ = self._run(self._state, self._batch, jax.random.key(1))
        return self._state


def cases(size: int, features: int) -> dict[str, Any]:
    """What is measured, by name."""
    made: dict[str, Any] = {name: Training(build(name, size, features)) for name in OBJECTIVES}
    alone = [Training(build("gan", size, features)) for _ in range(SEEDS)]
    made["seeds together"] = Training(build("gan", size, features), SEEDS)
    made["seeds in turn"] = lambda: [training() for training in alone]
    real = jax.random.uniform(jax.random.key(0), (64, size, size, 3))
    spread, fake = jax.jit(relative_spread), jnp.flip(real, axis=0)
    made["spread"] = lambda: spread(fake, real)
    return made


def main() -> None:
    """Runs what the flags say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="16 px, narrow networks, two rounds")
    flags = parser.parse_args()
    size, features, rounds = (16, 8, 2) if flags.quick else (32, 64, flags.rounds)
    result: dict[str, Any] = {"machine": harness.machine(), "size": size, "features": features}
    result["cases"] = harness.measure(cases(size, features), rounds)
    seconds = {name: numbers["min_s"] for name, numbers in result["cases"].items()}
    result["ratios"] = {
        **{f"{name} / gan": seconds[name] / seconds["gan"] for name in OBJECTIVES[1:]},
        "seeds together / in turn": seconds["seeds together"] / seconds["seeds in turn"],
        "spread / gan": seconds["spread"] / seconds["gan"],
    }
    rows = [["case", "min ms", "median ms"]]
    for name, numbers in result["cases"].items():
        rows.append([name, *(f"{1e3 * numbers[key]:.2f}" for key in ("min_s", "median_s"))])
    print(harness.table(rows))
    for name, ratio in result["ratios"].items():
        print(f"{name}: {ratio:.3g}")
    harness.report(result)


if __name__ == "__main__":
    main()
