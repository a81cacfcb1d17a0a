"""Objectives: one paper a file, all with the same public names."""

from typing import TYPE_CHECKING

from jaxgen import lazy

if TYPE_CHECKING:
    from jaxgen.objectives import aae as aae
    from jaxgen.objectives import aae_semisupervised as aae_semisupervised
    from jaxgen.objectives import aae_supervised as aae_supervised
    from jaxgen.objectives import aegan as aegan
    from jaxgen.objectives import age as age
    from jaxgen.objectives import age_colorization as age_colorization
    from jaxgen.objectives import ali as ali
    from jaxgen.objectives import catgan as catgan
    from jaxgen.objectives import cgan as cgan
    from jaxgen.objectives import colorization as colorization
    from jaxgen.objectives import cyclegan as cyclegan
    from jaxgen.objectives import ebgan as ebgan
    from jaxgen.objectives import gan as gan
    from jaxgen.objectives import infogan as infogan
    from jaxgen.objectives import lsgan as lsgan
    from jaxgen.objectives import pixelcnn as pixelcnn
    from jaxgen.objectives import pixelgan_ae as pixelgan_ae
    from jaxgen.objectives import temporal_ensembling as temporal_ensembling
    from jaxgen.objectives import vae as vae
    from jaxgen.objectives import vaegan as vaegan
    from jaxgen.objectives import wgan as wgan
    from jaxgen.objectives import wgan_gp as wgan_gp

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
