r"""Diverse colorings by a conditional AGE, of the two photographs that scikit-learn ships, 64x64.

    python -m jaxgen.main --config=configs/age_colorization_photos.py --workdir=runs/age_colors
    python -m jaxgen.main --mode=colorize --workdir=runs/age_colors --input=PHOTO --out=colored \
        --num=5

D. Ulyanov, A. Vedaldi, V. Lempitsky, "It Takes (Only) Two", AAAI 2018, arXiv:1704.02304, whose
colorization was of Stanford Cars; see `age_colorization_cars.py` and the objective's docstring.

By `--mode=evaluate` on 322 held-out crops, seed 0: latents found again with a cosine of 0.90, the
chroma rebuilt from its code with a mean absolute error of 0.029 (of ab / 110), that of drawn
colorings 0.133, where gray has 0.070, and 0.14 between two of one crop. They are diverse, not
likely: see docs/objectives/age_colorization.md. Fifteen minutes on one busy core of an AMD EPYC.

Deviations: of the publication nothing but the idea is known. Data, networks and all numbers are
ours.
Arguments: smoke.
"""

from configs import colorizers
from configs.colorizers import smoke as smoke


def get_config():
    config = colorizers.age(num_steps=600, image_size=64, batch_size=32, features=16)
    config.data.name = "photos"
    config.update(log_every=100, sample_every=200, checkpoint_every=200)
    return config
