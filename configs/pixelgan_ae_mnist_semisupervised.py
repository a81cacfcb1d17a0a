r"""PixelGAN autoencoder on binary MNIST with 20, 50 or 100 labels (arXiv:1706.00531, table 1).

    python -m jaxgen.main --config=configs/pixelgan_ae_mnist_semisupervised.py:100 --workdir=runs/x

Published test errors: 20 labels 12.08 +- 5.50 %, 50 labels 1.16 +- 0.17 %, 100 labels 1.08 +-
0.15 %. Not run by us at full length. The labelled images are drawn by `seed`, as many of each
class, and named in `labelled.json` of the workdir.

Arguments: 20, 50, 100 (labels; 100 unless given), labels_only (the same encoder trained on nothing
else, to compare), smoke.
"""

from configs import common, pixelgan_ae_base


def get_config(arg=""):
    words = common.arguments(arg, ("20", "50", "100", "labels_only"))
    labelled = next((int(word) for word in words if word.isdigit()), 100)
    config = pixelgan_ae_base.get_pixelgan(
        image_size=28,
        depth=16,
        code_size=10,
        discriminator_features=1000,
        adversarial_rate=0.1,
        labelled=labelled,
    )
    pixelgan_ae_base.conv_encoder(config, depth=3, hidden_features=0)
    config.data.name = "tfds:mnist"
    config.data.validation = 10_000
    pixelgan_ae_base.epochs(config, 750 if labelled == 20 else 500, 50_000 // 100)
    return pixelgan_ae_base.finish(config, words)
