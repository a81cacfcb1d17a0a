r"""The GAN family on a grid of 25 Gaussians in the plane, whose modes can be counted.

    python -m jaxgen.main --config=configs/gans_grid.py:wgan_gp --workdir=runs/wgan_gp_grid

As `gans_ring.py` in everything else. Published, by other networks and rates: GAN 17.3 +- 0.8 modes
with 94.8 % of samples good, and four packed samples 24.8 (PacGAN, arXiv:1712.04086).
Arguments: gan, cgan, lsgan, ebgan, wgan, wgan_gp, smoke.
"""

from configs import comparisons


def get_config(objective: comparisons.Objective = "gan"):
    return comparisons.points(objective, "grid")
