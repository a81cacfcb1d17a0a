"""What optional keys do: parts of a batch, optimisers, averages, evaluations while training."""

STEP = "tests/core/test_step.py"
OPTIMISERS = "tests/config/test_optimisers.py"
BUILD = "tests/config/test_build.py"
UPGRADE = "tests/config/test_upgrade.py"
FEATURES = "tests/evaluate/test_features.py"
SAMPLING = "tests/runs/test_sampling.py"
PAGE = "tests/report/test_run_page.py"

MUTANTS = [
    (
        "jaxgen/core/step.py",
        "jax.tree.map(lambda x: x / count, total)",
        "total",
        STEP,
        "gradients of parts are added and not averaged",
    ),
    (
        "jaxgen/core/step.py",
        "return (model_state, jax.tree.map(jnp.add, total, found)), None",
        "return (carry[0], jax.tree.map(jnp.add, total, found)), None",
        STEP,
        "running statistics of parts are lost",
    ),
    (
        "jaxgen/config/optimisers.py",
        "optax.chain(*clipped, *scaled,",
        "optax.chain(*scaled, *clipped,",
        OPTIMISERS,
        "the update is clipped and not the gradient",
    ),
    (
        "jaxgen/config/optimisers.py",
        'scaled = [kind, *decayed] if values["name"] == "adamw" else [*decayed, kind]',
        "scaled = [*decayed, kind]",
        OPTIMISERS,
        "adamw is adam with L2",
    ),
    (
        "jaxgen/config/optimisers.py",
        "optax.join_schedules([rise, lambda step: end + above(step)], [warmup])",
        "optax.join_schedules([rise, lambda step: above(step)], [warmup])",
        OPTIMISERS,
        "a cosine ends at 0",
    ),
    (
        "jaxgen/config/build.py",
        "for name, decay in config.ema.items() if decay}",
        "for name, decay in config.ema.items()}",
        BUILD,
        "every network has an average",
    ),
    (
        "jaxgen/config/build.py",
        "if 1 < data.micro_batches > data.batch_size // 2:",
        "if False:",
        BUILD,
        "a part may be one image",
    ),
    (
        "jaxgen/config/upgrade.py",
        "{k: v or _NOTHING for k, v",
        "{k: v for k, v",
        UPGRADE,
        "an average of earlier versions is forgotten",
    ),
    (
        "jaxgen/evaluate/features.py",
        "min(n_real, n_fake) <= real.shape[1]",
        "n_real <= real.shape[1]",
        FEATURES,
        "few samples are no reason for caution",
    ),
    (
        "jaxgen/evaluate/features.py",
        "if known < n_fake:",
        "if False:",
        FEATURES,
        "a smaller reference is compared in silence",
    ),
    (
        "jaxgen/runs/sampling.py",
        "    if label in names:\n        return names.index(str(label))\n",
        "",
        SAMPLING,
        "names of classes are not known",
    ),
    (
        "jaxgen/report/run_page.py",
        'spread = curves.get(f"{EVALUATION}spread") or curves.get(SPREAD)',
        "spread = curves.get(SPREAD)",
        PAGE,
        "the verdict is of training images where there is a better one",
    ),
]
