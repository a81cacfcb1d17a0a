r"""Diverse colorings of cars at 64x64 by a conditional AGE.

    python -m jaxgen.main --config=configs/age_colorization_cars.py --workdir=runs/age_cars

D. Ulyanov, A. Vedaldi, V. Lempitsky, "It Takes (Only) Two", AAAI 2018, arXiv:1704.02304, colors
photographs of Stanford Cars and compares itself with pix2pix. Not run by us at full length.

Deviations: of the publication nothing but the data set and the idea is known; networks and all
numbers are ours, of the objective those of `age_colorization_photos.py`.
Arguments: smoke.
"""

from configs import colorizers
from configs.colorizers import smoke as smoke


def get_config():
    config = colorizers.age(num_steps=50_000, image_size=64, batch_size=64)
    config.data.update(name="tfds:cars196", resize="center_crop", load_size=72, least_chroma=2.0)
    return config
