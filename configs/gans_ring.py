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

from configs import comparisons


def get_config(objective: comparisons.Objective = "gan"):
    return comparisons.points(objective, "ring")
