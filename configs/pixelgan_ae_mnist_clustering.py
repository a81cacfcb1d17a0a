r"""PixelGAN autoencoder on binary MNIST without labels: 30 clusters (arXiv:1706.00531, section 4).

    python -m jaxgen.main --config=configs/pixelgan_ae_mnist_clustering.py --workdir=runs/clusters

Published error of the paper's protocol (a cluster is named by one of 10,000 validation images):
5.27 +- 1.81 %. Not run by us at full length.

Deviations: 100 epochs, a choice of ours; the paper's number is not recovered. The deep decoder is
15 layers of 5x5 after one of 7x7.
Arguments: smoke.
"""

from configs import common, pixelgan_ae_base


def get_config(arg=""):
    words = common.arguments(arg, ())
    config = pixelgan_ae_base.get_pixelgan(
        image_size=28,
        depth=16,
        code_size=30,
        discriminator_features=3000,
        adversarial_rate=0.01,
    )
    pixelgan_ae_base.conv_encoder(config, depth=2, hidden_features=3000)
    config.data.name = "tfds:mnist"
    config.data.validation = 10_000
    pixelgan_ae_base.epochs(config, 100, 50_000 // 100)
    return pixelgan_ae_base.finish(config, words)
