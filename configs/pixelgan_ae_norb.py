r"""PixelGAN autoencoder on small NORB with 1000 labels (arXiv:1706.00531, table 1).

    python -m jaxgen.main --config=configs/pixelgan_ae_norb.py --workdir=runs/pixelgan_norb

Published test error: 8.90 +- 1.0 %. Not run by us at full length.

Deviations: 32 x 32 pixels and 4,000 images for validation are from memory; networks, likelihood
(ours: a mixture of 10 discretised logistics), which cameras (ours: the left one) and 100 epochs are
not recovered.
Arguments: labels_only, smoke.
"""

from configs import phases


def get_config(labels_only: bool = False):
    config = phases.pixelgan(
        encoder={
            "module": "autoencoder.ConvEncoder",
            "features": 64,
            "depth": 3,
            "hidden_features": 1000,
        },
        depth=16,
        discriminator_features=1000,
        labelled=1000,
        labels_only=labels_only,
        code_size=5,
        output="logistic_mixture",
    )
    config.data.update(name="tfds:smallnorb", image_size=32, validation=4_000)
    phases.epochs(config, 100, 20_300 // 100)
    return config


def smoke(config):
    phases.smoke(config)
    config.data.keep_classes = "0,1,2,3,4"
