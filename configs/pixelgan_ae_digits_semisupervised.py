r"""PixelGAN autoencoder on scikit-learn's 8x8 digits with 20, 50 or 100 labels.

    python -m jaxgen.main --config=configs/pixelgan_ae_digits_semisupervised.py --workdir=runs/ssl

Gray images, likelihood by a mixture of 3 discretised logistics; a minute on two quiet cores. Error
on 299 held-out digits with 50 labels, seeds 0, 1, 2 (--config.seed), by `--mode=evaluate`: 6.8 +-
0.5 %; the same encoder trained on the labels alone (`:labels_only`) 9.8 +- 0.7 %.

Deviations: the encoder's noise is Gaussian, as in `pixelgan_ae_digits_clustering.py`.
Arguments: 20, 50, 100 (labels; 50 unless given), labels_only (the same encoder trained on nothing
else, to compare), smoke.
"""

from configs import common, pixelgan_ae_base


def get_config(arg=""):
    words = common.arguments(arg, ("20", "50", "100", "labels_only"))
    labelled = next((int(word) for word in words if word.isdigit()), 50)
    config = pixelgan_ae_base.get_pixelgan(
        image_size=8,
        depth=3,  # 7x7 and two of 5x5 see the 7 pixels that there are
        code_size=10,
        output="logistic_mixture",
        discriminator_features=200,
        adversarial_rate=0.1,
        labelled=labelled,
    )
    pixelgan_ae_base.conv_encoder(config, depth=3, hidden_features=0)
    pixelgan_ae_base.narrow(config, features=16)
    config.networks.decoder.mixtures = 3
    config.hparams.input_noise = "gaussian"
    config.hparams.input_noise_level = 0.3
    config.data.name = "digits"
    pixelgan_ae_base.epochs(config, 60, 15)
    config.steps_per_dispatch = 15
    return pixelgan_ae_base.finish(config, words)
