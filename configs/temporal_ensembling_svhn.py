r"""Temporal ensembling on SVHN with 500 or 1000 labels (arXiv:1610.02242).

    python -m jaxgen.main --config=configs/temporal_ensembling_svhn.py --workdir=runs/temporal_svhn

S. Laine, T. Aila 2017, as in its authors' code (github.com/smlaine2/tempens, now
s-laine/tempens). Published test errors, which the PixelGAN paper compares with: 500 labels 5.12 +-
0.13 %, 1000 labels 4.42 +- 0.16 %; the Pi-model 6.65 +- 0.53 and 4.82 +- 0.17 % (from memory). Not
run by us.

Deviations: the rate rises in a line and falls as a cosine, there as exp(-5 (1 - T)^2) and, in the
last 50 of 300 epochs, as exp(-12.5 T^2), in which Adam's b1 goes from 0.9 to 0.5, too. See
`jaxgen/objectives/temporal_ensembling.py` and `jaxgen/models/temporal_ensembling.py`.
Arguments: 500, 1000 (labels; 1000 unless given), temporal (unless given), pi, labels (these alone),
smoke.
"""

from typing import Literal

from configs import ensembles

_STEPS_PER_EPOCH = 73_257 // 100


def get_config(
    labels: Literal[500, 1000] = 1000, form: Literal["temporal", "pi", "labels"] = "temporal"
):
    config = ensembles.classifier(
        form,
        labelled=labels,
        epochs=300,
        steps_per_epoch=_STEPS_PER_EPOCH,
        learning_rate=1e-3 if form == "temporal" else 3e-3,
        ramp_epochs=80,
        network={},
    )
    config.data.name = "tfds:svhn_cropped"
    config.log_every = config.sample_every = config.checkpoint_every = _STEPS_PER_EPOCH
    return config
