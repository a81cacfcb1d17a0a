r"""PixelGAN autoencoder on scikit-learn's 8x8 digits with 20, 50 or 100 labels.

    python -m jaxgen.main --config=configs/pixelgan_ae_digits_semisupervised.py --workdir=runs/ssl

TO FILL
Arguments: 20, 50, 100 (labels; 50 unless given), smoke.
"""

from configs import common, pixelgan_ae_base


def get_config(arg=""):
    words = common.arguments(arg, ("20", "50", "100"))
    labelled = next((int(word) for word in words if word.isdigit()), 50)
    config = pixelgan_ae_base.get_pixelgan(
        image_size=8,
        depth=4,
        code_size=10,
        discriminator_features=1000,
        adversarial_rate=0.1,
        labelled=labelled,
    )
    pixelgan_ae_base.conv_encoder(config, depth=3, hidden_features=0)
    config.data.name = "digits"
    pixelgan_ae_base.epochs(config, 200, 15)
    config.steps_per_dispatch = 15
    return pixelgan_ae_base.finish(config, words)
