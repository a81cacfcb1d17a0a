r"""The GAN family on scikit-learn's digits at 16x16: one pair of networks, one objective a run.

    python -m jaxgen.main --config=configs/gans_digits.py:lsgan --workdir=runs/lsgan_digits

The argument names the objective: gan (the default), cgan, lsgan, ebgan, wgan or wgan_gp. What
differs between them is only what each paper dictates: see `comparisons.py`. All of them side by
side: `python -m jaxgen.study --config=configs/studies/gan_objectives.py`.

Deviations: networks, rates and length are ours; EBGAN's margin is on the scale of a mean squared
error.
Arguments: gan, cgan, lsgan, ebgan, wgan, wgan_gp, smoke.
"""

from configs import comparisons


def get_config(objective: comparisons.Objective = "gan"):
    config = comparisons.images(objective, features=32, latent_size=32, num_steps=2000)
    config.data.update(name="digits", image_size=16, validation=299)
    config.update(steps_per_dispatch=10, log_every=100)
    return config
