r"""AGE on the 8x8 digits that scikit-learn ships, enlarged to 16x16.

    python -m jaxgen.main --config=configs/age_digits.py --workdir=runs/age_digits

The first run of a newcomer, on two CPU cores. Expected after its 1000 steps, over three seeds: a
mean absolute error of held-out reconstructions of 0.188 +- 0.047 in [-1,1] (AMD EPYC; an Intel Xeon
gave 0.156 +- 0.003: the game amplifies rounding, and one seed of three drifts off near the end).
Latent weight, generator width and length are ours: chosen with seed 0 on those held-out digits.
Arguments (after a colon): no_reconstruction, latent_only, generator_image, smoke.
"""

from configs import age_base


def get_config(arg=""):
    config, words = age_base.get_age(
        image_size=16,
        channels=1,
        latent_size=16,
        steps_per_epoch=1000,
        epochs=1,
        drop_every=2,
        arg=arg,
    )
    # 250 / 16 is the weight per latent dimension that CelebA's recipe has, 1000 / 64.
    config.hparams.latent_weight = 250.0
    config.networks.encoder.features = 32
    config.networks.generator.features = 48
    config.data.name = "digits"
    config.steps_per_dispatch = 10
    config.log_every = 100
    config.sample_every = 200
    config.checkpoint_every = 500
    return age_base.finish(config, words)
