r"""ALI and BiGAN on the 8x8 digits that scikit-learn ships.

    python -m jaxgen.main --config=configs/ali_digits.py --workdir=runs/ali_digits

V. Dumoulin et al. 2016, arXiv:1606.00704; `:bigan` J. Donahue et al. 2016, arXiv:1605.09782: an
encoder without noise. Layers of 256 units; Adam at 2e-4, b1 0.5.

Deviations: networks, data, length, batches and length of codes are ours.
Arguments: bigan, smoke.
"""

from configs import pairs


def get_config(bigan: bool = False):
    config = pairs.mlps(bigan=bigan, features=256, latent_size=16, num_steps=6_000)
    config.data.update(name="digits", batch_size=64, validation=299)
    config.update(steps_per_dispatch=20, log_every=100)
    config.sample_every = config.checkpoint_every = 1_000
    return config
