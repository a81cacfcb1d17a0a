"""The variational autoencoder: its two terms, its estimate of -log p(x), and what is modelled."""

OBJECTIVE = "jaxgen/objectives/vae.py"
LIKELIHOOD = "jaxgen/losses/likelihood.py"
GRADIENTS = "tests/objectives/test_gradients.py"
TESTS = "tests/objectives/test_vae.py"
LOSSES = "tests/losses/test_likelihood.py"

MUTANTS = [
    (
        LIKELIHOOD,
        "    excess = jnp.expm1(2.0 * log_sigma) - 2.0 * log_sigma\n",
        "    excess = jnp.expm1(log_sigma) - log_sigma\n",
        LOSSES,
        "log sigma is taken for the log of the variance",
    ),
    (
        LIKELIHOOD,
        "    excess = jnp.expm1(2.0 * log_sigma) - 2.0 * log_sigma\n",
        "    excess = jnp.exp(2.0 * log_sigma) - 1.0 - 2.0 * log_sigma\n",
        LOSSES,
        "the KL is no difference of like numbers near the prior",
    ),
    (
        LIKELIHOOD,
        "    constant = math.log(scale) + math.log(2.0 * math.pi) / 2.0\n",
        "    constant = math.log(2.0 * math.pi) / 2.0\n",
        LOSSES,
        "a Gaussian of any scale has the height of that of 1",
    ),
    (
        OBJECTIVE,
        "    loss = nats + spec.hparams.kl_weight * kl\n",
        "    loss = nats + kl\n",
        GRADIENTS,
        "kl_weight is ignored",
    ),
    (
        OBJECTIVE,
        '    output = nets("decoder", code, key',
        '    code = jax.lax.stop_gradient(code)\n    output = nets("decoder", code, key',
        GRADIENTS,
        "the reconstruction does not reach the encoder",
    ),
    (
        OBJECTIVE,
        '    code = posteriors.draw(spec, mean, log_sigma, key_for(key, "code"))\n',
        "    code = posteriors.draw(\n"
        '        spec, mean, jax.lax.stop_gradient(log_sigma), key_for(key, "code")\n'
        "    )\n",
        GRADIENTS,
        "the deviation of a draw is detached",
    ),
    (
        OBJECTIVE,
        "    nats = jnp.mean(nll(spec, output, image))\n",
        "    nats = jnp.mean(nll(spec, output, image)) / image[0].size\n",
        GRADIENTS,
        "the reconstruction is a mean over pixels, the KL a sum",
    ),
    (
        OBJECTIVE,
        "    log_mean = jax.nn.logsumexp(log_ratios - nats, axis=0) - math.log(len(nats))\n",
        "    log_mean = jnp.mean(log_ratios - nats, axis=0)\n",
        TESTS,
        "the estimate is the bound",
    ),
    (
        OBJECTIVE,
        "(log_ratios - nats, axis=0) - math.log(len(nats))\n",
        "(log_ratios - nats, axis=0)\n",
        TESTS,
        "the estimate is of a sum of weights",
    ),
    (
        OBJECTIVE,
        "(jnp.square(noise) - jnp.square(code)) / 2 + log_sigma, axis=1)",
        "(jnp.square(noise) - jnp.square(code)) / 2, axis=1)",
        TESTS,
        "q has no normaliser",
    ),
    (
        OBJECTIVE,
        '        "elbo_nats": reconstruction + kl,\n',
        '        "elbo_nats": reconstruction + spec.hparams.kl_weight * kl,\n',
        TESTS,
        "the bound of a beta-VAE is weighted",
    ),
    (
        OBJECTIVE,
        "    return jax.lax.map(of_draw, jax.vmap(",
        "    return jax.vmap(of_draw)(jax.vmap(",
        TESTS,
        "all draws are in memory at once",
    ),
    (
        OBJECTIVE,
        "evaluating(spec, state), as_modelled(spec, image), train=False)",
        "evaluating(spec, state), image, train=False)",
        TESTS,
        "gray images are encoded where binary ones are modelled",
    ),
    (
        OBJECTIVE,
        "    return jnp.clip(output, -1.0, 1.0)\n",
        "    return output\n",
        TESTS,
        "decoded images leave [-1,1]",
    ),
]
