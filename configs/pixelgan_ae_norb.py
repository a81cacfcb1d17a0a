r"""PixelGAN autoencoder on small NORB with 1000 labels (arXiv:1706.00531, table 1).

    python -m jaxgen.main --config=configs/pixelgan_ae_norb.py --workdir=runs/pixelgan_norb

Published test error: 8.90 +- 1.0 %. Not run by us at full length.

Deviations: 32 x 32 pixels and 4,000 images for validation are from memory; networks, likelihood
(ours: a mixture of 10 discretised logistics), which cameras (ours: the left one) and 100 epochs are
not recovered.
Arguments: labels_only, smoke.
"""

from configs import common, pixelgan_ae_base


def get_config(arg=""):
    words = common.arguments(arg, ("labels_only",))
    config = pixelgan_ae_base.get_pixelgan(
        image_size=32,
        depth=16,
        code_size=5,
        output="logistic_mixture",
        discriminator_features=1000,
        adversarial_rate=0.1,
        labelled=1000,
    )
    pixelgan_ae_base.conv_encoder(config, depth=3, hidden_features=1000)
    config.networks.encoder.features = 64
    config.data.name = "tfds:smallnorb"
    config.data.validation = 4_000
    pixelgan_ae_base.epochs(config, 100, 20_300 // 100)
    if "smoke" in words:
        config.data.classes = "0,1,2,3,4"
    return pixelgan_ae_base.finish(config, words)
