"""AEGAN: its networks, its turns, and what its losses are of."""

OBJECTIVE = "jaxgen/objectives/aegan.py"
MODELS = "jaxgen/models/aegan.py"
NETWORKS = "tests/models/test_aegan_models.py"
GRADIENTS = "tests/objectives/test_gradients.py"
TURNS = "tests/objectives/test_turns.py"
TESTS = "tests/objectives/test_aegan.py"

MUTANTS = [
    (
        MODELS,
        "((n // 2, n - n // 2) for n in total)",
        "((n - n // 2, n // 2) for n in total)",
        NETWORKS,
        "an even kernel's odd pixel of padding stands at the near side",
    ),
    (
        MODELS,
        "    return nn.LayerNorm(epsilon=1e-3, use_fast_variance=False)\n",
        "    return nn.LayerNorm(use_fast_variance=False)\n",
        NETWORKS,
        "Flax's epsilon in the place of Keras's",
    ),
    (
        MODELS,
        "_FACTOR_NOISE = math.sqrt(0.005 / 0.995)\n",
        "_FACTOR_NOISE = 0.005\n",
        NETWORKS,
        "Keras's rate is taken for a deviation",
    ),
    (
        MODELS,
        "        return jnp.tanh(_conv(self, _beside(x, skip), self.channels",
        "        return jnp.tanh(_conv(self, x, self.channels",
        NETWORKS,
        "the last convolution has no skip",
    ),
    (
        MODELS,
        "            x = jnp.concatenate([x, nn.leaky_relu(_norm()(y), self.slope)], axis=1)\n",
        "            x = nn.leaky_relu(_norm()(y), self.slope)\n",
        NETWORKS,
        "the latent discriminator is not densely connected",
    ),
    (
        OBJECTIVE,
        "    label = hparams.real_label if kind == ",
        "    label = 1.0 if kind == ",
        GRADIENTS,
        "the label of what is real is not smoothed",
    ),
    (
        OBJECTIVE,
        '    reconstructed = nets("generator", nets("encoder", image, train=False), train=False)\n',
        '    reconstructed = nets("generator", nets("encoder", image))\n',
        GRADIENTS,
        "reconstructions are judged with the networks' noise",
    ),
    (
        OBJECTIVE,
        "    loss *= len(kinds)\n",
        "",
        GRADIENTS,
        "two games share one term of what is real",
    ),
    (
        OBJECTIVE,
        '        error = _error(hparams, made["recoded"], latent, order=2)\n',
        '        error = _error(hparams, made["recoded"], latent, order=1)\n',
        GRADIENTS,
        "latents are compared by L1",
    ),
    (
        OBJECTIVE,
        "        loss += (weight if of_images else hparams.latent_adversarial_weight) * term\n",
        "        loss += weight * term\n",
        GRADIENTS,
        "both discriminators' terms have the image's weight",
    ),
    (
        OBJECTIVE,
        '            of_images = kind in ("reconstructed", "encoded")\n',
        '            of_images = kind == "reconstructed"\n',
        TURNS,
        "codes are of images that were used before",
    ),
    (
        OBJECTIVE,
        '    "egan": ("reconstructed",)\n',
        '    "egan": ("generated", "reconstructed")\n',
        GRADIENTS,
        "EGAN's generator plays its samples as well",
    ),
    (
        OBJECTIVE,
        "    return 1.0 - (1.0 - hparams.annealed_share) * passed\n",
        "    return 1.0 - hparams.annealed_share * passed\n",
        TESTS,
        "weights are annealed by the share that should be left",
    ),
    (
        OBJECTIVE,
        "        update=_optimise_at_step if hparams.annealing_steps else optimise,\n",
        "",
        TESTS,
        "no step is told to the loss, and nothing annealed",
    ),
    (
        OBJECTIVE,
        "        above = real.reshape(-1, 1) - fake.reshape(1, -1)\n",
        "        above = fake.reshape(1, -1) - real.reshape(-1, 1)\n",
        TESTS,
        "the curve is of codes before draws",
    ),
    (
        "jaxgen/config/optimisers.py",
        "jnp.maximum(jnp.linalg.norm(gradient.ravel()), limit))",
        "limit)",
        "tests/config/test_optimisers.py",
        "gradients below the norm are scaled, too",
    ),
    (
        "jaxgen/evaluate/reconstructions.py",
        '        "sharpness": float(_energy(rebuilt) / energy)',
        '        "sharpness": float(energy / _energy(rebuilt))',
        "tests/evaluate/test_reconstructions.py",
        "sharpness is inverted",
    ),
]
