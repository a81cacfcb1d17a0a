r"""DCGAN on MNIST at 28x28 (Radford, Metz, Chintala 2015, arXiv:1511.06434).

    python -m jaxgen.main --config=configs/dcgan_mnist.py --workdir=runs/dcgan_mnist

Also for data of the same shape: `--config.data.name=tfds:fashion_mnist`. Not run by us.

Deviations: the paper's MNIST networks are conditional (`cgan_mnist.py:dcgan`); these are the 4x4
form from a first map of 7x7. 20,000 steps, about 43 epochs, are ours.
Arguments: smoke.
"""

from configs import common, dcgan_base


def get_config(arg=""):
    words = common.arguments(arg, ())
    config = dcgan_base.get_dcgan(28, 1)
    config.data.name = "tfds:mnist"
    config.num_steps = 20_000
    if "smoke" in words:
        common.smoke(config)
    return config
