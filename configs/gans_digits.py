r"""The GAN family on scikit-learn's digits at 16x16: one pair of networks, one objective a run.

    python -m jaxgen.main --config=configs/gans_digits.py:lsgan --workdir=runs/lsgan_digits

The argument names the objective: gan (the default), cgan, lsgan, ebgan, wgan or wgan_gp. What
differs between them is only what each paper dictates: see `gans_base.compared`. All of them side by
side: `python -m jaxgen.study --config=configs/studies/gan_objectives.py`.

Deviations: networks, rates and length are ours; EBGAN's margin is on the scale of a mean squared
error.
Arguments: gan, cgan, lsgan, ebgan, wgan, wgan_gp, smoke.
"""

from configs import common, gans_base


def get_config(arg=""):
    objective, smoke = gans_base.choose(arg)
    config = gans_base.compared(
        objective,
        **gans_base.dcgan_networks(16, 1, features=32, depth=2),
        latent_size=32,
        num_classes=10,
        margin=0.1,
    )
    config.data.name = "digits"
    config.num_steps = 2000
    config.steps_per_dispatch = 10
    config.log_every = 100
    config.sample_every = 500
    config.checkpoint_every = 500
    if smoke:
        common.smoke(config)
    return config
