"""InfoGAN: whose losses have the bound, with which signs and weights, and its networks."""

OBJECTIVE = "jaxgen/objectives/infogan.py"
MODELS = "jaxgen/models/infogan.py"
NETWORKS = "tests/models/test_infogan_models.py"
TESTS = "tests/objectives/test_infogan.py"

MUTANTS = [
    (
        OBJECTIVE,
        "        loss -= _weighted(spec, information(spec, latent, output))\n",
        "        loss += _weighted(spec, information(spec, latent, output))\n",
        TESTS,
        "the discriminator unlearns the codes",
    ),
    (
        OBJECTIVE,
        "    return loss - _weighted(spec, found), metrics\n",
        "    return loss + _weighted(spec, found), metrics\n",
        TESTS,
        "the generator hides the codes",
    ),
    (
        OBJECTIVE,
        '    if spec.hparams.information == "both":\n',
        "    if True:\n",
        TESTS,
        "the trunk always learns from the bound",
    ),
    (
        OBJECTIVE,
        '        output = nets("recogniser", features, key=key_for(key, "recogniser"))\n',
        '        features = jax.lax.stop_gradient(features)\n        output = nets("recogniser", features, key=key_for(key, "recogniser"))\n',
        TESTS,
        "the trunk never learns from the bound",
    ),
    (
        OBJECTIVE,
        '        first, second = "discriminator", ("generator", "recogniser")\n',
        '        first, second = "discriminator", "generator"\n',
        TESTS,
        "nobody moves Q",
    ),
    (
        OBJECTIVE,
        "        nats = math.log(2.0) - (math.log(2.0 * math.pi) + error) / 2.0\n",
        "        nats = math.log(2.0) - math.log(2.0 * math.pi) / 2.0 - error\n",
        TESTS,
        "the square of a Gaussian is not halved",
    ),
    (
        OBJECTIVE,
        '        found["continuous_information"] = hparams.continuous_size * nats\n',
        '        found["continuous_information"] = nats\n',
        TESTS,
        "the continuous codes are averaged and not summed",
    ),
    (
        OBJECTIVE,
        '        total += hparams.continuous_weight * found["continuous_information"]\n',
        '        total += hparams.info_weight * found["continuous_information"]\n',
        TESTS,
        "both parts have the weight of the category",
    ),
    (
        OBJECTIVE,
        '    found = {"category_information": math.log(hparams.num_classes) + jnp.mean(log_q)}\n',
        '    found = {"category_information": jnp.mean(log_q)}\n',
        TESTS,
        "the entropy of the prior is left out",
    ),
    (
        OBJECTIVE,
        "        name: 2.0 * spec.layout.uniform(key_for(key, name), (num, size)) - 1.0\n",
        "        name: spec.layout.uniform(key_for(key, name), (num, size))\n",
        TESTS,
        "noise and numbers are in [0,1]",
    ),
    (
        MODELS,
        "        return layers.Dense(1, dtype=self.dtype)(x)[:, 0], x\n",
        "        return layers.Dense(1, dtype=self.dtype)(x)[:, 0], layers.Dense(1)(x)\n",
        NETWORKS,
        "Q is not on the trunk's features",
    ),
    (
        MODELS,
        '        down["kernel_init"] = initializers.truncated_normal(0.02)\n',
        "",
        NETWORKS,
        "the convolutions' first values have tails",
    ),
    (
        MODELS,
        "            x = nn.relu(_norm(self, x, train))\n        x = x.reshape(",
        "            x = nn.relu(x)\n        x = x.reshape(",
        NETWORKS,
        "the generator's linear layers are not normalised",
    ),
]
