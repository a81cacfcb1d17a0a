r"""Temporal ensembling on scikit-learn's 8x8 digits with 50 labels.

    python -m jaxgen.main --config=configs/temporal_ensembling_digits.py --workdir=runs/temporal

Arguments: temporal (unless given), pi, labels (these alone), smoke.
"""

from typing import Literal

from configs import ensembles


def get_config(form: Literal["temporal", "pi", "labels"] = "temporal"):
    config = ensembles.classifier(
        form,
        labelled=50,
        epochs=160,
        steps_per_epoch=11,
        learning_rate=3e-3,
        ramp_epochs=40,
        network={"features": 16, "depth": 1, "momentum": 0.99},
    )
    config.hparams.translation = 1
    config.data.update(name="digits", validation=299)
    config.update(steps_per_dispatch=20, log_every=80)
    config.sample_every = config.checkpoint_every = 440
    return config


def smoke(config):
    config.hparams.ramp_steps = 2
