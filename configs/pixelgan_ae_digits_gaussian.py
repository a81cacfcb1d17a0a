r"""PixelGAN autoencoder on scikit-learn's 8x8 digits with a 2-D Gaussian code (arXiv:1706.00531).

    python -m jaxgen.main --config=configs/pixelgan_ae_digits_gaussian.py --workdir=runs/pixelgan

Figure 2 in small: a decoder of one layer, which sees three pixels, and a location-dependent code,
which tells it the rest. Beside a PixelCNN of the same reach and an adversarial autoencoder:
`python -m jaxgen.study --config=configs/studies/pixelgan_figure2.py`. All numbers are ours.
Arguments: gaussian_posterior (codes are drawn from a Gaussian that the encoder gives), smoke.
"""

from configs import common, pixelgan_ae_base


def get_config(arg=""):
    words = common.arguments(arg, ("gaussian_posterior",))
    config = pixelgan_ae_base.get_pixelgan(
        image_size=8,
        depth=1,
        code_prior="gaussian",
        code_size=2,
        prior_scale=5.0,
        posterior="gaussian" if "gaussian_posterior" in words else "deterministic",
        conditioning="dependent",
        discriminator_features=200,
        adversarial_rate=0.1,
    )
    pixelgan_ae_base.mlp_encoder(config, features=200)
    pixelgan_ae_base.narrow(config, features=16)
    config.networks.decoder.map_features = 200
    config.data.name = "digits"
    pixelgan_ae_base.epochs(config, 200, 15)
    config.steps_per_dispatch = 15
    return pixelgan_ae_base.finish(config, words)
