r"""GAN on MNIST with the fully connected networks of 2014 (Goodfellow et al., arXiv:1406.2661).

    python -m jaxgen.main --config=configs/gan_mnist.py --workdir=runs/gan_mnist

mnist.yaml of the authors' code (github.com/goodfeli/adversarial): rectifiers against maxout with
dropout, SGD with momentum at 0.1, both players at once, batches of 100 of 50,000 images. That code
halves the discriminator's loss and jaxgen does not, so the discriminator learns at 0.05, which is
the same update. Published: Parzen log-likelihood 225 +- 2 nats. Not run by us at full length.
`:adam` trains with Adam at 2e-4 for 60 epochs, as is usual now.

Deviations: mnist.yaml trains without an end; after 250 epochs of 500 batches its momentum stops
growing. Here it grows every step, there every epoch. The 10,000 images that are held out are drawn
by the seed and not the last ones. The biases of the generator's output start at 0 and not at the
log-odds of the mean image.
Arguments: adam, smoke.
"""

from configs import common


def get_config(adam: bool = False):
    num_steps = (60 if adam else 250) * (50_000 // 100)
    optim = common.adam(2e-4, b1=0.5) if adam else common.momentum_2014(1.000004, num_steps)
    networks = ("mlp.Generator", "mlp.MaxoutDiscriminator")
    config = common.game("gan", networks=networks, optim=optim, num_steps=num_steps)
    if not adam:
        # Half of 0.1 and of 1e-6: the published loss is half of ours.
        config.optim.discriminator.learning_rate = 0.05
        config.optim.discriminator.schedule.end_value = 5e-7
    config.data.update(name="tfds:mnist", batch_size=100, validation=10_000)
    return config
