r"""PixelGAN autoencoder on binary MNIST with a 2-D Gaussian code (arXiv:1706.00531, figures 2, 3).

    python -m jaxgen.main --config=configs/pixelgan_ae_mnist_gaussian.py --workdir=runs/pixelgan

A shallow decoder, whose reach of 9 pixels shows it strokes but no digits, and a location-dependent
code, which tells it the rest: global structure in the code, local in the pixels. Published: sharp
and coherent samples, no figure. Not run by us at full length.

Deviations: 50 epochs, a choice of ours; the paper's number is not recovered.
Arguments: deep (15 layers, which see the whole image: codes of digits overlap), invariant (the code
enters every layer, everywhere alike), gaussian_posterior (codes are drawn from a Gaussian that the
encoder gives, instead of computed), smoke.
"""

from configs import common, pixelgan_ae_base

_STEPS_PER_EPOCH = 50_000 // 100


def get_config(arg=""):
    words = common.arguments(arg, ("deep", "invariant", "gaussian_posterior"))
    config = pixelgan_ae_base.get_pixelgan(
        image_size=28,
        # 7x7 and three of 5x5: 3 + 3 * 2 = 9 pixels; fifteen: 33.
        depth=16 if "deep" in words else 4,
        code_prior="gaussian",
        code_size=2,
        prior_scale=5.0,
        posterior="gaussian" if "gaussian_posterior" in words else "deterministic",
        conditioning="invariant" if "invariant" in words else "dependent",
        discriminator_features=2000,
        reconstruction=pixelgan_ae_base.momentum(1e-3, 0.9, drop_at=(25 * _STEPS_PER_EPOCH,)),
        adversarial_rate=0.1,
    )
    pixelgan_ae_base.mlp_encoder(config, features=2000)
    config.data.name = "tfds:mnist"
    config.data.validation = 10_000
    pixelgan_ae_base.epochs(config, 50, _STEPS_PER_EPOCH)
    return pixelgan_ae_base.finish(config, words)
