r"""Adversarial autoencoder on scikit-learn's 8x8 digits, in the five settings of `aae_mnist.py`.

    python -m jaxgen.main --config=configs/aae_digits.py:semisupervised --workdir=runs/aae_digits

TO FILL
Arguments: gaussian (unless given), mixture, supervised, semisupervised, clustering, smoke.
"""

from configs import aae_base, common


def get_config(arg=""):
    words = common.arguments(arg, aae_base.SETTINGS)
    setting = next((word for word in aae_base.SETTINGS if word in words), "gaussian")
    config = aae_base.get_aae(
        setting,
        image_size=8,
        features=200,
        clusters=20,
        labelled=500 if setting == "mixture" else 50,
        drop_at=4_000,
    )
    config.data.name = "digits"
    config.num_steps = 6_000
    config.steps_per_dispatch = 20
    config.log_every = 100
    config.sample_every = config.checkpoint_every = 1_000
    return aae_base.finish(config, words)
