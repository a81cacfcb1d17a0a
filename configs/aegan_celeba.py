r"""AEGAN on CelebA at 64x64, with the networks and numbers of the paper's anime faces.

    python -m jaxgen.main --config=configs/aegan_celeba.py --workdir=runs/aegan_celeba

C. Lazarou 2020, arXiv:2004.05472, which has no experiment on CelebA. Not run by us.

Deviations: data, crop and length are ours.
Arguments: aegan (the default), gan, ae, aae, egan: the same networks with a part of the objective;
smoke.
"""

from configs import aegans
from configs.aegans import smoke as smoke


def get_config(model: aegans.Model = "aegan"):
    config = aegans.aegan(model, 64, steps=300_000, batch_size=16, latent_size=32)
    config.data.update(name="tfds:celeb_a", flip=True, resize="celeba")
    return config
