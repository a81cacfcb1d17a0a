"""Colorizers: their objectives, what their batches hold, what is measured and drawn of them."""

OBJECTIVE = "jaxgen/objectives/colorization.py"
AGE = "jaxgen/objectives/age_colorization.py"
GRADIENTS = "tests/objectives/test_gradients.py"
TESTS = "tests/objectives/test_colorization.py"

MUTANTS = [
    (
        OBJECTIVE,
        '    on_real = nets("discriminator", lightness, chroma, key=key_for(key, "real"))\n',
        '    on_real = nets("discriminator", 0.0 * lightness, chroma, key=key_for(key, "real"))\n',
        GRADIENTS,
        "the discriminator does not see the gray image of true colors",
    ),
    (
        OBJECTIVE,
        '        output = nets("discriminator", lightness, fake, key',
        '        output = nets("discriminator", 0.0 * lightness, fake, key',
        GRADIENTS,
        "the generator's discriminator does not see the gray image",
    ),
    (
        OBJECTIVE,
        "(2.0 if hparams.halved else 1.0)",
        "1.0",
        GRADIENTS,
        "the discriminator's cross-entropies are not halved",
    ),
    (
        OBJECTIVE,
        "    loss = hparams.l1_weight * l1 + hparams.l2_weight * l2\n",
        "    loss = hparams.l2_weight * l2 if hparams.l2_weight else hparams.l1_weight * l1\n",
        GRADIENTS,
        "L2 overwrites L1, as in the study author's code",
    ),
    (
        OBJECTIVE,
        "        loss += hparams.adversarial_weight * term\n",
        "        loss += term\n",
        GRADIENTS,
        "the adversarial term has no weight",
    ),
    (
        OBJECTIVE,
        '        patches = nets("discriminator", lightness, between',
        '        patches = nets("discriminator", lightness[::-1], between',
        GRADIENTS,
        "the penalty is under another gray image",
    ),
    (
        OBJECTIVE,
        "        return jnp.mean(patches.reshape(len(patches), -1), axis=1)\n",
        "        return jnp.sum(patches.reshape(len(patches), -1), axis=1)\n",
        TESTS,
        "the penalty is of the sum of patches, which grows with the image",
    ),
    (
        OBJECTIVE,
        'adversary.update_and_clip if hparams.adversarial == "wgan" else optimise',
        "optimise",
        TESTS,
        "WGAN does not clip",
    ),
    (
        OBJECTIVE,
        '    if spec.hparams.statistics == "running":\n',
        "    if True:\n",
        TESTS,
        "an image is never normalised by its own statistics",
    ),
    (
        OBJECTIVE,
        'nets("generator", lightness, *latent, train=False, key=key)',
        'nets("generator", lightness, *latent, train=True, key=key)',
        TESTS,
        "what is made of an image depends on its batch",
    ),
    (
        OBJECTIVE,
        "    return jax.vmap(one)(jax.random.split(key, len(lightness)), lightness, *latent)\n",
        '    return nets("generator", lightness, *latent, key=key)\n',
        TESTS,
        "statistics are of all images together",
    ),
    (
        OBJECTIVE,
        '    if (kind == "ebgan") != isinstance(output, tuple) and kind != "none":\n',
        "    if False:\n",
        TESTS,
        "a discriminator that does not fit is not refused",
    ),
    (
        "jaxgen/objectives/parts/adversary.py",
        "    limit, names = spec.hparams.clip, (names,) if isinstance(names, str) else names\n",
        "    limit, names = spec.hparams.clip, tuple(state.params)\n",
        TESTS,
        "the generator is clipped as well",
    ),
    (
        AGE,
        "    both = jnp.concatenate([lightness, chroma], axis=-1)\n    return age",
        "    both = jnp.concatenate([0.0 * lightness, chroma], axis=-1)\n    return age",
        GRADIENTS,
        "the encoder does not see the gray image",
    ),
    (
        AGE,
        "    game = kl_real - kl_fake\n",
        "    game = kl_real + kl_fake\n",
        GRADIENTS,
        "the encoder does not push codes of made colors off the prior",
    ),
    (
        "jaxgen/objectives/parts/colors.py",
        "    found, expected = (spec.layout.mean(length) for length in lengths)\n",
        "    expected, found = (spec.layout.mean(length) for length in lengths)\n",
        TESTS,
        "the chroma ratio is upside down",
    ),
    (
        "jaxgen/data/preprocess.py",
        '        both = color.to_lightness_and_chroma((batch["image"] + 1.0) / 2.0)\n',
        '        both = color.to_lightness_and_chroma(batch["image"])\n',
        "tests/data/test_preprocess.py",
        "Lab is of values in [-1,1]",
    ),
    (
        "jaxgen/pictures/of_a_run.py",
        "        tiles = np.stack(rows, axis=1)",
        "        tiles = np.stack(rows, axis=0)",
        "tests/pictures/test_of_a_run.py",
        "the colored image is not below its gray one",
    ),
    (
        "jaxgen/config/build.py",
        '    if shape[2] != 3 and {"lightness", "chroma"} & set(every):\n',
        "    if False:\n",
        "tests/config/test_build.py",
        "colors of gray images are to be learned",
    ),
]
