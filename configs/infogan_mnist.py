r"""InfoGAN on MNIST (Chen et al. 2016, arXiv:1606.03657), by its authors' code.

    python -m jaxgen.main --config=configs/infogan_mnist.py --workdir=runs/infogan_mnist

run_mnist_exp.py of github.com/openai/InfoGAN: 5000 updates of each player on batches of 128, ten
categories and two numbers, the weight 1 for both. Published error of the categories: 5.00 % (as
the table of arXiv:1706.00531 has it, from memory). Not run by us.

Deviations: 10,000 images are held out, drawn by the seed; the code trains on 55,000.
Arguments: smoke.
"""

from configs import common


def get_config():
    config = common.infogan(num_steps=50 * 100)
    config.hparams.continuous_weight = 1.0
    config.data.update(name="tfds:mnist", batch_size=128, validation=10_000)
    config.update(log_every=100, sample_every=1_000, checkpoint_every=1_000)
    return config
