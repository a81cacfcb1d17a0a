r"""AGE on the 8x8 digits that scikit-learn ships, enlarged to 16x16.

    python -m jaxgen.main --config=configs/age_digits.py --workdir=runs/age_digits

The first run of a newcomer, on two CPU cores. Expected after its 1000 steps, over three seeds: a
mean absolute error of held-out reconstructions of 0.188 +- 0.047 in [-1,1] (AMD EPYC; an Intel Xeon
gave 0.156 +- 0.003: the game amplifies rounding, and one seed of three drifts off near the end).
Latent weight, generator width and length are ours: chosen with seed 0 on those held-out digits.
Arguments (after a colon): no_reconstruction, latent_only, generator_image, smoke.
"""

from configs import common


def get_config(ablations: tuple[common.Ablation, ...] = ()):
    # 250 / 16 is the weight per latent dimension that CelebA's recipe has, 1000 / 64.
    config = common.age(16, num_steps=1000, latent_weight=250.0, ablations=ablations)
    config.hparams.latent_size = 16
    config.networks.generator.features = 48
    config.data.name = "digits"
    config.update(steps_per_dispatch=10, log_every=100, sample_every=200, checkpoint_every=500)
    return config
