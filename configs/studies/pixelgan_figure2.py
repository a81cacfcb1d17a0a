r"""Figure 2 of "PixelGAN Autoencoders" (arXiv:1706.00531): what a code and a short reach add up to.

    python -m jaxgen.study --config=configs/studies/pixelgan_figure2.py --workdir=runs/figure2

draws, beside held-out data, samples of a PixelGAN autoencoder with a 2-D code (sharp and whole),
of a PixelCNN of the same reach without a code (sharp, but no digits), and of an adversarial
autoencoder with a 2-D code (digits, but blurred). On scikit-learn's digits at 8x8 with one seed, or
(`:mnist`) on MNIST, with the networks and lengths of its configs. Pictures: docs/studies.

Deviations: PixelGAN and PixelCNN model black and white digits, the autoencoder gray ones, so that
only the pictures compare, not the figures.
Arguments: mnist, smoke.
"""

from ml_collections import ConfigDict


def get_config(mnist: bool = False, smoke: bool = False):
    data, ending = "mnist" if mnist else "digits", "smoke" if smoke else ""
    config = ConfigDict({"seeds": 1, "evaluations": 1})
    config.experiments = (
        f"configs/pixelgan_ae_{data}_gaussian.py:{ending}",
        f"configs/pixelcnn_{data}.py:shallow,{ending}",
        f"configs/aae_{data}.py:gaussian,{ending}",
    )
    if not smoke:
        config.evaluation = ConfigDict({"num_images": 1000})
    return config
