r"""PixelGAN autoencoder on binary MNIST with 20, 50 or 100 labels (arXiv:1706.00531, table 1).

    python -m jaxgen.main --config=configs/pixelgan_ae_mnist_semisupervised.py:100 --workdir=runs/x

Published test errors: 20 labels 12.08 +- 5.50 %, 50 labels 1.16 +- 0.17 %, 100 labels 1.08 +-
0.15 %. Not run by us at full length. The labelled images are drawn by `seed`, as many of each
class, and named in `labelled.json` of the workdir.

Arguments: 20, 50, 100 (labels; 100 unless given), labels_only (the same encoder trained on nothing
else, to compare), smoke.
"""

from typing import Literal

from configs import phases

smoke = phases.smoke


def get_config(labels: Literal[20, 50, 100] = 100, labels_only: bool = False):
    config = phases.pixelgan(
        encoder={"module": "autoencoder.ConvEncoder", "depth": 3, "hidden_features": 0},
        depth=16,
        discriminator_features=1000,
        labelled=labels,
        labels_only=labels_only,
        code_size=10,
    )
    config.data.update(name="tfds:mnist", validation=10_000)
    phases.epochs(config, 750 if labels == 20 else 500, 50_000 // 100)
    return config
