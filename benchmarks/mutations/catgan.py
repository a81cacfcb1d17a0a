"""CatGAN: signs of its entropies, whose batch they are of, and its labels."""

OBJECTIVE = "jaxgen/objectives/catgan.py"
TESTS = "tests/objectives/test_catgan.py"

MUTANTS = [
    (
        OBJECTIVE,
        '    loss = _undecided(real) - generated["assignment_entropy"]\n',
        '    loss = _undecided(real) + generated["assignment_entropy"]\n',
        TESTS,
        "the discriminator is to be sure of generated images",
    ),
    (
        OBJECTIVE,
        '    loss = _undecided(real) - generated["assignment_entropy"]\n',
        '    loss = -_undecided(real) - generated["assignment_entropy"]\n',
        TESTS,
        "the discriminator is to be unsure of real images",
    ),
    (
        OBJECTIVE,
        '    loss = _undecided(real) - generated["assignment_entropy"]\n',
        '    loss = _undecided(real) - generated["usage_entropy"]\n',
        TESTS,
        "generated images are only to be in all categories alike",
    ),
    (
        OBJECTIVE,
        '    return entropies["assignment_entropy"] - entropies["usage_entropy"]\n',
        '    return entropies["assignment_entropy"] + entropies["usage_entropy"]\n',
        TESTS,
        "one category is to have everything",
    ),
    (
        OBJECTIVE,
        "    loss = _undecided(found)\n",
        "    loss = -_undecided(found)\n",
        TESTS,
        "the generator wants images of no category",
    ),
    (
        OBJECTIVE,
        "    return loss + spec.hparams.label_weight * supervised, metrics | found\n",
        "    return loss + supervised, metrics | found\n",
        TESTS,
        "label_weight is ignored",
    ),
    (
        OBJECTIVE,
        '    logits = nets("discriminator", labelled_image, key=',
        '    logits = nets("discriminator", image, key=',
        TESTS,
        "labels are taken for those of other images",
    ),
    (
        "jaxgen/objectives/parts/posteriors.py",
        "    usage = spec.layout.mean(jnp.mean(probabilities, axis=0))\n",
        "    usage = jnp.mean(probabilities, axis=0)\n",
        TESTS,
        "the use of categories is that of a device's images",
    ),
    (
        OBJECTIVE,
        '    return {**found, "fake_entropy": generated["assignment_entropy"]}\n',
        '    return {**found, "fake_entropy": generated["usage_entropy"]}\n',
        TESTS,
        "the evaluation's entropy of generated images is of their use",
    ),
    (
        "jaxgen/runs/evaluations/codes.py",
        "    if abilities.assignments is not None:\n        groups",
        "    if groups and abilities.assignments is not None:\n        groups",
        "tests/runs/test_evaluations.py",
        "categories without codes are not announced",
    ),
    (
        "jaxgen/pictures/of_a_run.py",
        "    classes, key = abilities.sampled_classes, jax.random.key(1)\n",
        "    classes, key = abilities.num_classes, jax.random.key(1)\n",
        "tests/pictures/test_of_a_run.py",
        "samples are asked to be of a classifier's categories",
    ),
]
