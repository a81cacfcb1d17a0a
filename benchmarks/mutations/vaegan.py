"""VAE/GAN: what reaches which player, who pauses, and its networks."""

OBJECTIVE = "jaxgen/objectives/vaegan.py"
MODELS = "jaxgen/models/vaegan.py"
GRADIENTS = "tests/objectives/test_gradients.py"
TESTS = "tests/objectives/test_vaegan.py"
NETWORKS = "tests/models/test_vaegan_models.py"

MUTANTS = [
    (
        OBJECTIVE,
        '    _, of_rebuilt = nets("discriminator", rebuilt, key=key_for(key, "rebuilt"))\n'
        "    error = _feature_nats(spec.hparams, of_rebuilt, of_real)\n",
        '    logits, of_rebuilt = nets("discriminator", rebuilt, key=key_for(key, "rebuilt"))\n'
        "    error = _feature_nats(spec.hparams, of_rebuilt, of_real)\n"
        "    error += adversarial.gan_generator(logits)\n",
        TESTS,
        "the GAN reaches the encoder",
    ),
    (
        OBJECTIVE,
        "    loss = _gan_loss(spec.hparams, real[0], rebuilt[0], fake[0])\n",
        "    loss = _gan_loss(spec.hparams, real[0], rebuilt[0], fake[0])\n"
        "    loss += _feature_nats(spec.hparams, rebuilt[1], real[1])\n",
        TESTS,
        "the reconstruction reaches the discriminator",
    ),
    (
        OBJECTIVE,
        "    loss = hparams.feature_weight * error + (1.0",
        "    loss = error + (1.0",
        TESTS,
        "the features' error reaches the generator whole",
    ),
    (
        OBJECTIVE,
        "    loss = kl + error\n",
        "    loss = kl + spec.hparams.feature_weight * error\n",
        TESTS,
        "the features' error reaches the encoder times gamma",
    ),
    (
        OBJECTIVE,
        " + (1.0 - hparams.feature_weight) * game\n",
        " + game\n",
        GRADIENTS,
        "the game has no weight of 1 - gamma",
    ),
    (
        OBJECTIVE,
        "        game = -_gan_loss(",
        "        game = _gan_loss(",
        GRADIENTS,
        "the generator helps the discriminator",
    ),
    (
        OBJECTIVE,
        "    loss += hparams.reconstructed_weight * adversarial.cross_entropy(rebuilt, 0.0)\n",
        "",
        GRADIENTS,
        "the game is of drawn images alone",
    ),
    (
        OBJECTIVE,
        "    loss = hparams.real_weight * adversarial.cross_entropy(real, 1.0)\n",
        "    loss = adversarial.cross_entropy(real, 1.0)\n",
        GRADIENTS,
        "real_weight is ignored",
    ),
    (
        OBJECTIVE,
        "    generator = jnp.all(losses <= ",
        "    generator = jnp.any(losses <= ",
        TESTS,
        "the generator moves until both losses are high",
    ),
    (
        OBJECTIVE,
        "    discriminator = jnp.all(losses >= ",
        "    discriminator = jnp.any(losses >= ",
        TESTS,
        "the discriminator moves until both losses are low",
    ),
    (
        OBJECTIVE,
        "    return generator | neither, discriminator | neither\n",
        "    return generator, discriminator\n",
        TESTS,
        "a step may move neither player",
    ),
    (
        OBJECTIVE,
        "        opt_state=chosen(moved.opt_state, state.opt_state),\n",
        "",
        TESTS,
        "the optimiser of a player that pauses goes on",
    ),
    (
        OBJECTIVE,
        '[names == ("discriminator",)]\n',
        '[names == ("generator",)]\n',
        TESTS,
        "the rule pauses the other player",
    ),
    (
        OBJECTIVE,
        "    shown = [fake, of_rebuilt] if spec.hparams.reconstructed_weight else [fake]\n",
        "    shown = [fake, of_rebuilt]\n",
        TESTS,
        "the rule judges reconstructions that are in no game",
    ),
    (
        OBJECTIVE,
        '    rebuilt = nets("generator", mean, train=False)\n',
        '    rebuilt = nets("generator", mean + jnp.exp(log_sigma), train=False)\n',
        TESTS,
        "held-out images are rebuilt of other codes than the mean",
    ),
    (
        MODELS,
        "        return logits[:, 0], shown.reshape(shown.shape[0], -1)\n",
        "        return logits[:, 0], x\n",
        NETWORKS,
        "the features are those of the hidden layer",
    ),
    (
        MODELS,
        "            shown = _conv(self, x, multiple * self.features, 2)\n"
        "            x = _normalised(self, shown, train)\n",
        "            x = shown = _normalised(self, _conv(self, x, multiple * self.features, 2), train)\n",
        NETWORKS,
        "the features are normalised and rectified",
    ),
    (
        MODELS,
        "variance_scaling(1 / 9, ",
        "variance_scaling(1 / 3, ",
        NETWORKS,
        "initial weights have Torch's range",
    ),
]
