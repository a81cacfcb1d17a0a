r"""PixelGAN autoencoder on binary MNIST with a 2-D Gaussian code (arXiv:1706.00531, figures 2, 3).

    python -m jaxgen.main --config=configs/pixelgan_ae_mnist_gaussian.py --workdir=runs/pixelgan

A shallow decoder, whose reach of 9 pixels shows it strokes but no digits, and a location-dependent
code, which tells it the rest: global structure in the code, local in the pixels. Published: sharp
and coherent samples, no figure. Not run by us at full length.

Deviations: 50 epochs, a choice of ours; the paper's number is not recovered. Neither are its
initial weights: those of encoder and discriminator are N(0, 0.01^2), as in the adversarial
autoencoders of the same author. With He's the game (SGD at the rate 0.1, codes of N(0, 5^2)) is
infinite at step 3, with log p(x|z) summed or averaged; so the first 100 steps end at 76 nats an
image.
Arguments: deep (15 layers, which see the whole image: codes of digits overlap), invariant (the code
enters every layer, everywhere alike), gaussian_posterior (codes are drawn from a Gaussian that the
encoder gives, instead of computed), smoke.
"""

from configs import common, phases

smoke = phases.smoke

_STEPS_PER_EPOCH = 50_000 // 100


def get_config(deep: bool = False, invariant: bool = False, gaussian_posterior: bool = False):
    schedule = common.piecewise(25 * _STEPS_PER_EPOCH, scale=0.1)
    config = phases.pixelgan(
        encoder={"module": "autoencoder.MLPEncoder", "features": 2000, "init_std": 0.01},
        decoder={"conditioning": "invariant" if invariant else "dependent"},
        # 7x7 and three of 5x5: 3 + 3 * 2 = 9 pixels; fifteen: 33.
        depth=16 if deep else 4,
        discriminator_features=2000,
        reconstruction=common.momentum(1e-3, 0.9, schedule=schedule),
        code_prior="gaussian",
        code_size=2,
        prior_scale=5.0,
        posterior="gaussian" if gaussian_posterior else "deterministic",
    )
    config.networks.discriminator.init_std = 0.01
    config.data.update(name="tfds:mnist", validation=10_000)
    phases.epochs(config, 50, _STEPS_PER_EPOCH)
    return config
