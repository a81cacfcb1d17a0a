r"""PixelGAN autoencoder on SVHN with 500 or 1000 labels (arXiv:1706.00531, table 1).

    python -m jaxgen.main --config=configs/pixelgan_ae_svhn.py:1000 --workdir=runs/pixelgan_svhn

Published test errors: 500 labels 10.47 +- 1.80 %, 1000 labels 6.96 +- 0.55 %. Not run by us at full
length.

Deviations: of this experiment only a decoder of about 20 layers and 32 maps and a discriminator of
two layers of 1000 are recovered, from memory, and images reduced to 16 x 16. The paper's likelihood
of continuous pixels is not; ours is a mixture of 10 discretised logistics. Its 531,131 extra images
are not used, only the 73,257 of "train". The encoder and 100 epochs are ours.
Arguments: 500, 1000 (labels; 1000 unless given), labels_only, smoke.
"""

from configs import common, pixelgan_ae_base


def get_config(arg=""):
    words = common.arguments(arg, ("500", "1000", "labels_only"))
    config = pixelgan_ae_base.get_pixelgan(
        image_size=16,
        channels=3,
        depth=20,
        code_size=10,
        output="logistic_mixture",
        discriminator_features=1000,
        adversarial_rate=0.1,
        labelled=500 if "500" in words else 1000,
    )
    pixelgan_ae_base.conv_encoder(config, depth=3, hidden_features=1000)
    config.networks.encoder.features = 64
    config.data.name = "tfds:svhn_cropped"
    config.data.validation = 10_000
    pixelgan_ae_base.epochs(config, 100, 63_257 // 100)
    return pixelgan_ae_base.finish(config, words)
