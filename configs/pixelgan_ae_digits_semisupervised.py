r"""PixelGAN autoencoder on scikit-learn's 8x8 digits with 20, 50 or 100 labels.

    python -m jaxgen.main --config=configs/pixelgan_ae_digits_semisupervised.py --workdir=runs/ssl

Gray images, likelihood by a mixture of 3 discretised logistics; a minute on two quiet cores. Error
on 299 test digits with 50 labels, seeds 0, 1, 2 (--config.seed), by `--mode=evaluate`: 5.6 +- 0.5
%; the same encoder trained on the labels alone (`:labels_only`) has 11.4 +- 2.4 %.

Deviations: the encoder's noise is Gaussian and the rate of the game 0.03, as in
`pixelgan_ae_digits_clustering.py`; chosen on 299 validation digits, where this has 4.6 +- 1.4 % and
the rate 0.1 of other configs 9.5 +- 6.0 %, with the paper's dropout 12.7 % (seed 0).
Arguments: 20, 50, 100 (labels; 50 unless given), labels_only (the same encoder trained on nothing
else, to compare), smoke.
"""

from typing import Literal

from configs import phases

smoke = phases.smoke


def get_config(labels: Literal[20, 50, 100] = 50, labels_only: bool = False):
    config = phases.pixelgan(
        encoder={
            "module": "autoencoder.ConvEncoder",
            "features": 16,
            "depth": 3,
            "hidden_features": 0,
        },
        decoder={"features": 16, "mixtures": 3},
        depth=3,  # 7x7 and two of 5x5 see the 7 pixels that there are
        discriminator_features=200,
        adversarial_rate=0.03,
        labelled=labels,
        labels_only=labels_only,
        code_size=10,
        output="logistic_mixture",
        input_noise="gaussian",
        input_noise_level=0.3,
    )
    config.data.update(name="digits", validation=299)
    phases.epochs(config, 75, 12)  # 1,199 images in batches of 100
    config.steps_per_dispatch = 12
    return config
