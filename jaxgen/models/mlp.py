"""Fully connected players: the GAN of 2014, its conditional form, and the nets of 2-D toys.

I. Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014, arXiv:1406.2661, with the MNIST
networks of its authors' code (`Generator`, `MaxoutDiscriminator`: the defaults); M. Mirza and S.
Osindero, "Conditional Generative Adversarial Nets", 2014, arXiv:1411.1784 (`Conditional*`).

Points of a plane are images f[b,1,1,2]: image_size 1, channels 2, output_activation "linear". The
toys of WGAN-GP (arXiv:1704.00028) are `Generator` and `Discriminator` with features 512, depth 3,
activation "relu", init_range 0; those of LSGAN (arXiv:1611.04076) features 128, depth 2, "tanh";
those of PacGAN (arXiv:1712.04086) `Generator` with features 400, depth 4, batch_norm and
`MaxoutDiscriminator` with features 200, depth 3, pieces 5, no dropout, init_range 0.

Deviations:
- Images are in [-1,1]. Where the papers have sigmoid pixels in [0,1], output_activation "sigmoid"
  is 2 sigmoid(x) - 1 = tanh(x/2), the same function of the changed data. Maxout discriminators
  that drop pixels, and the conditional one, change them back to [0,1] first, for steps of SGD
  depend on the range.
- The bias of the generator's last layer starts at 0, not at the logits of the data's mean pixels:
  a network does not see the data.
- Dropout rates of the conditional pair are the paper's 0.5, on hidden units only. Its initial
  weights are not stated: those of 2014.
- Initial weights of toys are He's and Glorot's; in the authors' code PacGAN's are N(0, 0.02) and
  its normalisations have a running momentum of 0.95, LSGAN's are orthogonal with gain 1.4.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgen.core.types import Array
from jaxgen.models import initializers, layers


class Generator(nn.Module):
    """f[b,m] -> f32[b,image_size,image_size,channels]: `depth` hidden layers of `features` units.

    With `num_classes` the call takes labels i[b].

    Attributes:
      image_size: pixels a side of the images, 1 for points of a plane.
      channels: number of channels of the images, 2 for points of a plane.
      features: units of each hidden layer.
      depth: number of hidden layers.
      activation: nonlinearity of the hidden layers, "relu", "leaky_relu" or "tanh".
      batch_norm: whether the hidden layers are normalised, in which case they have no biases.
      output_activation: function that makes pixels, "sigmoid" or "tanh" (both in [-1,1]) or
        "linear", which points of a plane need.
      init_range: weights start uniform in +-init_range, or, where it is 0, in He's range where a
        rectifier follows and in Glorot's elsewhere.
      num_classes: number of classes of the labels that are appended to the latent, one-hot, or
        0 for none.
    """

    image_size: int = 28
    channels: int = 1
    features: int = 1200
    depth: int = 2
    activation: str = "relu"
    batch_norm: bool = False
    output_activation: str = "sigmoid"
    init_range: float = 0.05
    num_classes: int = 0
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, latent: Array, label: Array | None = None, *, train: bool) -> Array:
        """Images of latents; `train` chooses batch or running statistics."""
        x = layers.with_label(latent, label, self.num_classes)
        for _ in range(self.depth):
            init = _kernel_init(self.init_range, self.activation)
            bias = not self.batch_norm
            x = layers.Dense(self.features, use_bias=bias, dtype=self.dtype, kernel_init=init)(x)
            if self.batch_norm:
                norm = layers.batch_norm(
                    train=train, axis_name=self.axis_name, scale_init=nn.initializers.ones
                )
                x = norm(x)
            x = layers.nonlinearity(self.activation)(x)
        return _pixels(self, x)


class Discriminator(nn.Module):
    """f[b,h,w,c] -> scores f32[b], unbounded: `depth` hidden layers of `features` units.

    With `num_classes` the call takes labels i[b]. Nothing in it depends on `train`.

    Attributes:
      features: units of each hidden layer.
      depth: number of hidden layers.
      activation: nonlinearity of the hidden layers, "relu", "leaky_relu" or "tanh".
      init_range: weights start uniform in +-init_range, or, where it is 0, in He's range where a
        rectifier follows and in Glorot's elsewhere.
      num_classes: number of classes of the labels that are appended to the pixels, one-hot, or
        0 for none.
    """

    features: int = 512
    depth: int = 3
    activation: str = "leaky_relu"
    init_range: float = 0.0
    num_classes: int = 0
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, image: Array, label: Array | None = None, *, train: bool) -> Array:
        """Scores of images."""
        del train
        x = layers.with_label(image.reshape(image.shape[0], -1), label, self.num_classes)
        for _ in range(self.depth):
            init = _kernel_init(self.init_range, self.activation)
            x = layers.Dense(self.features, dtype=self.dtype, kernel_init=init)(x)
            x = layers.nonlinearity(self.activation)(x)
            self.sow("intermediates", "features", x)
        return _score(self, x)


class MaxoutDiscriminator(nn.Module):
    """f[b,h,w,c] -> logits f32[b]: `depth` layers of `features` maxout units of `pieces` each.

    Pixels are dropped in the paper's range [0,1], to which images are changed where input_dropout
    is not 0: a dropped pixel is black.

    Attributes:
      features: maxout units of each hidden layer.
      depth: number of hidden layers.
      pieces: number of linear functions of which a maxout unit is the largest.
      input_dropout: share of the pixels that training drops, in [0,1).
      hidden_dropout: share of the hidden units that training drops, in [0,1).
      init_range: weights start uniform in +-init_range, or, where it is 0, in Glorot's range.
    """

    features: int = 240
    depth: int = 2
    pieces: int = 5
    input_dropout: float = 0.2
    hidden_dropout: float = 0.5
    init_range: float = 0.005
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> Array:
        """Logits of images; training drops units, and needs a key where a rate is not 0."""
        x = image.reshape(image.shape[0], -1)
        if self.input_dropout:
            pixels = layers.unit_pixels(x)
            x = layers.Dropout(self.input_dropout, self.axis_name)(pixels, train=train)
        for _ in range(self.depth):
            init = _kernel_init(self.init_range)
            x = layers.Maxout(self.features, self.pieces, dtype=self.dtype, kernel_init=init)(x)
            self.sow("intermediates", "features", x)
            x = layers.Dropout(self.hidden_dropout, self.axis_name)(x, train=train)
        return _score(self, x)


class ConditionalGenerator(nn.Module):
    """(f[b,m], label i32[b]) -> f32[b,image_size,image_size,channels] in [-1,1].

    Latents and one-hot labels go to hidden units of their own, both together to `features` units,
    then to pixels; all hidden units are rectified.

    Attributes:
      num_classes: number of classes of the labels.
      image_size: pixels a side of the images.
      channels: number of channels of the images.
      latent_features: hidden units that see the latent alone.
      label_features: hidden units that see the label alone.
      features: hidden units that see both.
      dropout: share of the hidden units that training drops, in [0,1).
      output_activation: function that makes pixels, "sigmoid" or "tanh" (both in [-1,1]) or
        "linear".
      init_range: weights start uniform in +-init_range, or, where it is 0, in He's range where a
        rectifier follows and in Glorot's elsewhere.
    """

    num_classes: int = 10
    image_size: int = 28
    channels: int = 1
    latent_features: int = 200
    label_features: int = 1000
    features: int = 1200
    dropout: float = 0.5
    output_activation: str = "sigmoid"
    init_range: float = 0.05
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, latent: Array, label: Array, *, train: bool) -> Array:
        """Images of latents and labels; training drops units, and needs a key for it."""

        def hidden(width, x):
            init = _kernel_init(self.init_range, "relu")
            x = nn.relu(layers.Dense(width, dtype=self.dtype, kernel_init=init)(x))
            return layers.Dropout(self.dropout, self.axis_name)(x, train=train)

        z = hidden(self.latent_features, latent)
        y = hidden(self.label_features, jax.nn.one_hot(label, self.num_classes))
        return _pixels(self, hidden(self.features, jnp.concatenate([z, y], axis=1)))


class ConditionalDiscriminator(nn.Module):
    """(f[b,h,w,c], label i32[b]) -> logits f32[b], of maxout units.

    Images and one-hot labels go to units of their own, both together to as many as the images.

    Attributes:
      num_classes: number of classes of the labels.
      features: maxout units that see the image alone, and as many that see both.
      label_features: maxout units that see the label alone.
      pieces: number of linear functions of which a unit that sees one of them is the largest.
      joint_pieces: number of linear functions of which a unit that sees both is the largest.
      dropout: share of the units that training drops, in [0,1).
      unit_pixels: whether the first layer sees images in [0,1], as in the paper, or in [-1,1].
      init_range: weights start uniform in +-init_range, or, where it is 0, in Glorot's range.
    """

    num_classes: int = 10
    features: int = 240
    label_features: int = 50
    pieces: int = 5
    joint_pieces: int = 4
    dropout: float = 0.5
    unit_pixels: bool = True
    init_range: float = 0.005
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, label: Array, *, train: bool) -> Array:
        """Logits of images and labels; training drops units, and needs a key for it."""

        def hidden(width, pieces, x):
            init = _kernel_init(self.init_range)
            return layers.Maxout(width, pieces, dtype=self.dtype, kernel_init=init)(x)

        def drop(x):
            return layers.Dropout(self.dropout, self.axis_name)(x, train=train)

        pixels = layers.unit_pixels(image) if self.unit_pixels else image
        x = hidden(self.features, self.pieces, pixels.reshape(image.shape[0], -1))
        self.sow("intermediates", "features", x)
        y = hidden(self.label_features, self.pieces, jax.nn.one_hot(label, self.num_classes))
        joint = jnp.concatenate([drop(x), drop(y)], axis=1)
        joint = hidden(self.features, self.joint_pieces, joint)
        self.sow("intermediates", "features", joint)
        return _score(self, drop(joint))


def _kernel_init(init_range, activation=""):
    if init_range > 0.0:
        return layers.symmetric_uniform(init_range)
    rectified = activation in ("relu", "leaky_relu")
    return initializers.he_uniform() if rectified else initializers.glorot_uniform()


def _pixels(module, x):
    size, init = module.image_size, _kernel_init(module.init_range)
    linear = layers.Dense(size * size * module.channels, dtype=module.dtype, kernel_init=init)
    x = linear(x).reshape(-1, size, size, module.channels)
    return layers.to_image(x, module.output_activation)


def _score(module, x):
    init = _kernel_init(module.init_range)
    return layers.Dense(1, dtype=module.dtype, kernel_init=init)(x)[:, 0]
