r"""PixelGAN autoencoder on scikit-learn's 8x8 digits with a 2-D Gaussian code (arXiv:1706.00531).

    python -m jaxgen.main --config=configs/pixelgan_ae_digits_gaussian.py --workdir=runs/pixelgan

Figure 2 in small: a decoder of one layer, which sees three pixels, and a location-dependent code,
which tells it the rest. Beside a PixelCNN of the same reach and an adversarial autoencoder:
`python -m jaxgen.study --config=configs/studies/pixelgan_figure2.py`. All numbers are ours.
Arguments: gaussian_posterior (codes are drawn from a Gaussian that the encoder gives), smoke.
"""

from configs import phases

smoke = phases.smoke


def get_config(gaussian_posterior: bool = False):
    config = phases.pixelgan(
        encoder={"module": "autoencoder.MLPEncoder", "features": 16},
        decoder={"features": 16, "map_features": 200, "conditioning": "dependent"},
        depth=1,
        discriminator_features=200,
        code_prior="gaussian",
        code_size=2,
        prior_scale=5.0,
        posterior="gaussian" if gaussian_posterior else "deterministic",
    )
    config.data.update(name="digits", validation=299)
    phases.epochs(config, 250, 12)  # 1,199 images in batches of 100
    config.steps_per_dispatch = 12
    return config
