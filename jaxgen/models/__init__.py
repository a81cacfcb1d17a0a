"""Networks: Linen modules, one file a family."""

from typing import TYPE_CHECKING

from jaxgen import lazy

if TYPE_CHECKING:
    from jaxgen.models import aegan as aegan
    from jaxgen.models import age as age
    from jaxgen.models import ali as ali
    from jaxgen.models import autoencoder as autoencoder
    from jaxgen.models import classifier as classifier
    from jaxgen.models import convolution as convolution
    from jaxgen.models import convolution_forms as convolution_forms
    from jaxgen.models import cyclegan as cyclegan
    from jaxgen.models import dcgan as dcgan
    from jaxgen.models import ebgan as ebgan
    from jaxgen.models import inception as inception
    from jaxgen.models import inception_blocks as inception_blocks
    from jaxgen.models import infogan as infogan
    from jaxgen.models import initializers as initializers
    from jaxgen.models import layers as layers
    from jaxgen.models import lsgan as lsgan
    from jaxgen.models import mlp as mlp
    from jaxgen.models import patch_discriminator as patch_discriminator
    from jaxgen.models import pixel_outputs as pixel_outputs
    from jaxgen.models import pixelcnn as pixelcnn
    from jaxgen.models import pixelcnn_sampling as pixelcnn_sampling
    from jaxgen.models import resnet as resnet
    from jaxgen.models import temporal_ensembling as temporal_ensembling
    from jaxgen.models import torch_files as torch_files
    from jaxgen.models import torch_weights as torch_weights
    from jaxgen.models import unet as unet
    from jaxgen.models import vaegan as vaegan

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
