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

from typing import Literal

from configs import phases

smoke = phases.smoke


def get_config(labels: Literal[500, 1000] = 1000, labels_only: bool = False):
    config = phases.pixelgan(
        encoder={
            "module": "autoencoder.ConvEncoder",
            "features": 64,
            "depth": 3,
            "hidden_features": 1000,
        },
        depth=20,
        discriminator_features=1000,
        labelled=labels,
        labels_only=labels_only,
        code_size=10,
        output="logistic_mixture",
    )
    config.data.update(name="tfds:svhn_cropped", image_size=16, validation=10_000)
    phases.epochs(config, 100, 63_257 // 100)
    return config
