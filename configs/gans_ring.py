r"""The GAN family on a ring of eight Gaussians in the plane, whose modes can be counted.

    python -m jaxgen.main --config=configs/gans_ring.py:wgan_gp --workdir=runs/wgan_gp_ring

The argument names the objective: gan (the default), cgan, lsgan, ebgan, wgan or wgan_gp; all of
them side by side: `python -m jaxgen.study --config=configs/studies/gan_objectives.py:ring`.
`--mode=evaluate` counts modes by the protocol of PacGAN (arXiv:1712.04086): 2500 samples, good
within three sigma of the nearest mean.

Deviations: networks of three hidden layers of 64, rates and length are ours. WGAN's clip is 0.1,
for with 0.01 these networks have almost no slope; the gradient penalty is 0.1, as in its code.
Arguments: gan, cgan, lsgan, ebgan, wgan, wgan_gp, smoke.
"""

from configs import common, gans_base


def get_config(arg=""):
    return get_points("ring", num_classes=8, arg=arg)


def get_points(name, *, num_classes, arg):
    """An experiment on points: `name` is "ring" or "grid"."""
    objective, smoke = gans_base.choose(arg)
    config = gans_base.compared(
        objective,
        **gans_base.point_networks(64),
        latent_size=2,
        num_classes=num_classes,
        margin=0.5,
    )
    if objective == "wgan":
        config.hparams.clip = 0.1
    if objective == "wgan_gp":
        config.hparams.penalty_weight = 0.1
    config.data.name = name
    config.data.batch_size = 256
    config.num_steps = 10_000
    config.steps_per_dispatch = 100
    config.log_every = 1000
    config.sample_every = 2000
    config.checkpoint_every = 5000
    config.evaluation.num_images = 2500
    if smoke:
        common.smoke(config)
    return config
