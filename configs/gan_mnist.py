r"""GAN on MNIST with the fully connected networks of 2014 (Goodfellow et al., arXiv:1406.2661).

    python -m jaxgen.main --config=configs/gan_mnist.py --workdir=runs/gan_mnist

Rectifiers against maxout with dropout, SGD with momentum, both players at once, 250 epochs of 500
batches of 100. Published: Parzen log-likelihood 225 +- 2 nats. Not run by us at full length.
`:adam` trains with Adam at 2e-4 for 60 epochs, as is usual now.

Deviations: TFDS has all 60,000 training images in "train"; the paper trained on 50,000. The biases
of the generator's output start at 0 and not at the log-odds of the mean image; the norms of the
discriminator's weights are not limited.
Arguments: adam, smoke.
"""

from configs import common


def get_config(adam: bool = False):
    num_steps = (60 if adam else 250) * (60_000 // 100)
    optim = common.adam(2e-4, b1=0.5) if adam else common.momentum_2014(1.000004, num_steps)
    networks = ("mlp.Generator", "mlp.MaxoutDiscriminator")
    config = common.game("gan", networks=networks, optim=optim, num_steps=num_steps)
    config.data.update(name="tfds:mnist", batch_size=100)
    return config
