r"""DCGAN on MNIST at 28x28 (Radford, Metz, Chintala 2015, arXiv:1511.06434).

    python -m jaxgen.main --config=configs/dcgan_mnist.py --workdir=runs/dcgan_mnist

Also for data of the same shape: `--config.data.name=tfds:fashion_mnist`. Not run by us.

Deviations: the paper's MNIST networks are conditional (`cgan_mnist.py:dcgan`); these are the 4x4
form from a first map of 7x7. 20,000 steps, about 43 epochs, are ours.
Arguments: smoke.
"""

from configs import common


def get_config():
    config = common.dcgan(num_steps=20_000)
    config.data.name = "tfds:mnist"
    return config
