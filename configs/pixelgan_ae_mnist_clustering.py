r"""PixelGAN autoencoder on binary MNIST without labels: 30 clusters (arXiv:1706.00531, section 4).

    python -m jaxgen.main --config=configs/pixelgan_ae_mnist_clustering.py --workdir=runs/clusters

Published error of the paper's protocol (a cluster is named by one of 10,000 validation images):
5.27 +- 1.81 %. Not run by us at full length.

Deviations: 100 epochs, a choice of ours; the paper's number is not recovered. The deep decoder is
15 layers of 5x5 after one of 7x7.
Arguments: smoke.
"""

from configs import phases

smoke = phases.smoke


def get_config():
    config = phases.pixelgan(
        encoder={"module": "autoencoder.ConvEncoder"},
        depth=16,
        discriminator_features=3000,
        adversarial_rate=0.01,
        code_size=30,
    )
    config.data.update(name="tfds:mnist", validation=10_000)
    phases.epochs(config, 100, 50_000 // 100)
    return config
