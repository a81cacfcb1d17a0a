r"""PixelGAN autoencoder on scikit-learn's 8x8 digits without labels.

    python -m jaxgen.main --config=configs/pixelgan_ae_digits_clustering.py --workdir=runs/digits

TO FILL
Arguments: smoke.
"""

from configs import common, pixelgan_ae_base


def get_config(arg=""):
    words = common.arguments(arg, ())
    config = pixelgan_ae_base.get_pixelgan(
        image_size=8,
        depth=4,
        code_size=20,
        discriminator_features=1000,
        adversarial_rate=0.01,
    )
    pixelgan_ae_base.conv_encoder(config, depth=2, hidden_features=500)
    config.data.name = "digits"
    pixelgan_ae_base.epochs(config, 200, 15)
    config.steps_per_dispatch = 15
    return pixelgan_ae_base.finish(config, words)
