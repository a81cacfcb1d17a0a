"""Gated PixelCNN with two stacks, unconditional and conditioned.

A. van den Oord, N. Kalchbrenner, O. Vinyals, L. Espeholt, A. Graves, K. Kavukcuoglu, "Conditional
Image Generation with PixelCNN Decoders", 2016, arXiv:1606.05328. With C features, kernel n,
m = n // 2, W the convolutions of a layer and x shifted so that no pixel sees itself or later ones:

    a_v = W_v v   (m+1, n),   v' = gate(a_v),   gate(a, b) = tanh(a) s(b)
    a_h = W_h h   (1, m+1) + W_l a_v,   h' = h + W_r gate(a_h);   head: ReLU, 1x1, ReLU, 1x1 of h

Kernels are cropped to what they may see, so there are no masks. Only the first layer's leave out
the current row (vertical, (m, n)) and pixel (horizontal, (1, m)), and it has no residual.

Codes enter as in A. Makhzani, B. Frey, "PixelGAN Autoencoders", 2017, arXiv:1706.00531:
conditioning "invariant" adds V c to the pre-activations of both stacks of every layer, the same at
every pixel (one-hot codes: class-conditional); "dependent" makes a map s of the code and adds V s
(1x1) to the pre-activations of both stacks of the first layer; neither enters the link W_l.

Deviations:
- Three 8-bit channels: the paper masks feature groups, which triples the work of a pixel. Here the
  hidden layer of the head of channel k gets the sum of a learned vector for each value of the
  channels before it, of the same pixel; the stacks see whole pixels only. Red, green, blue, exact.
- Initial weights are not stated. Vertical kernels that follow a gate start with variance 4 /
  fan-in, which keeps their stack, with no residual, from fading; products before a rectifier
  with 2 / fan-in, all others with 1 / fan-in, and vectors of values with variance 0.01.
- s has one or more channels and a 1x1 product; PixelGAN's one channel may have been broadcast.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from jaxgen.core.errors import UserError
from jaxgen.core.types import Array
from jaxgen.models import initializers, layers, pixel_outputs, pixelcnn_sampling
from jaxgen.models.convolution import conv
from jaxgen.models.pixel_outputs import product
from jaxgen.models.pixelcnn_sampling import gate

CONDITIONING = ("none", "invariant", "dependent")


class GatedLayer(nn.Module):
    """(v, h) f[b,h,w,inputs] -> (v, h) f[b,h,w,C].

    Attributes:
      inputs: channels of v and of h.
      features: channels C of the outputs.
      kernel_size: pixels a side of the convolutions' field of view, an odd number.
      first: whether v and h are the image, of which the current row or pixel is left out.
    """

    inputs: int
    features: int
    kernel_size: int
    first: bool = False
    dtype: Any = jnp.float32

    def setup(self):
        """Parameters."""
        rows, width, c = self.kernel_size // 2 + (not self.first), self.kernel_size, self.features
        after_gate, plain = _fan_in(1.0 if self.first else 4.0), _fan_in(1.0)
        zeros = nn.initializers.zeros
        shapes = {
            "vertical": (after_gate, (rows, width, self.inputs, 2 * c)),
            "vertical_bias": (zeros, (2 * c,)),
            "link": (plain, (2 * c, 2 * c)),
            "horizontal": (plain, (1, rows, self.inputs, 2 * c)),
            "horizontal_bias": (zeros, (2 * c,)),
            "residual": (plain, (c, c)),
            "residual_bias": (zeros, (c,)),
        }
        self.weights = {name: self.param(name, *shape) for name, shape in shapes.items()}

    def __call__(self, v: Array, h: Array, bias: Array | None) -> tuple[Array, Array]:
        """bias: f[b,1 or h,1 or w,4C] to the pre-activations, first half to the vertical stack."""
        w, m, (height, width) = self.weights, self.kernel_size // 2, v.shape[1:3]
        # The first layer leaves out the current row (column): its kernel is one shorter.
        above = jnp.pad(v, ((0, 0), (m, 0), (0, 0), (0, 0)))[:, : height + m - self.first]
        a = conv(above, w["vertical"], padding=(0, m), dtype=self.dtype)
        left = jnp.pad(h, ((0, 0), (0, 0), (m, 0), (0, 0)))[:, :, : width + m - self.first]
        b = conv(left, w["horizontal"], dtype=self.dtype)
        # The link of the bias alone, so that no sum has to be written for the product to read.
        both = w["horizontal_bias"] + w["vertical_bias"] @ w["link"]
        b = b + product(a, w["link"], self.dtype) + both.reshape(1, 1, 1, -1)
        a = a + w["vertical_bias"].reshape(1, 1, 1, -1)
        if bias is not None:
            vertical, horizontal = jnp.split(bias, 2, axis=-1)
            a, b = a + vertical, b + horizontal
        residual = product(gate(b), w["residual"], self.dtype)
        residual = residual + w["residual_bias"].reshape(1, 1, 1, -1)
        return gate(a), residual if self.first else h + residual


class CodeMap(nn.Module):
    """Codes f[b,d] -> maps f[b,h,w,maps]: one hidden layer of `features` rectified units.

    Attributes:
      features: units of the hidden layer.
      maps: numbers a pixel.
    """

    features: int = 1000
    maps: int = 1
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, code: Array, height: int, width: int) -> Array:
        """Maps of codes, `height` by `width` pixels."""
        x = nn.relu(layers.Dense(self.features, dtype=self.dtype, kernel_init=_fan_in(2.0))(code))
        size = height * width * self.maps
        x = layers.Dense(size, dtype=self.dtype, kernel_init=_fan_in(1.0))(x)
        return x.reshape(-1, height, width, self.maps)


class PixelCNN(nn.Module):
    """(image f[b,h,w,channels] in [-1,1], code f[b,d] or None) -> parameters of each p(x_i | x_<i).

    For `losses.likelihood`: output "bernoulli" gives logits f[b,h,w,1], "categorical" logits
    f[b,h,w,channels,256], "logistic_mixture" f[b,h,w,10 mixtures], or 3 mixtures for one channel.

    Attributes:
      output: distribution of a pixel, "bernoulli" (one channel, -1 or 1), "categorical" or
        "logistic_mixture".
      channels: number of channels of the images, 1 or 3.
      features: channels of each gated layer.
      depth: number of gated layers.
      first_kernel_size: pixels a side of the first layer's field of view, an odd number from 3 on.
      kernel_size: pixels a side of the further layers' field of view, an odd number from 3 on.
      head_features: hidden units of the head, of each channel where the output is categorical, or 0
        for as many as `features`.
      mixtures: number of components of a logistic mixture.
      conditioning: way that a code enters, "none", "invariant" (the same at every pixel) or
        "dependent" (through maps of the code).
      map_features: hidden units between code and maps, where the conditioning is dependent.
      maps: number of maps of the code, where the conditioning is dependent.
    """

    output: str = "bernoulli"
    channels: int = 1
    features: int = 64
    depth: int = 10
    first_kernel_size: int = 7
    kernel_size: int = 3
    head_features: int = 0
    mixtures: int = 10
    conditioning: str = "none"
    map_features: int = 1000
    maps: int = 1
    dtype: Any = jnp.float32

    def setup(self):
        """Parameters."""
        self._check()
        c, dtype = self.features, self.dtype
        first = GatedLayer(self.channels, c, self.first_kernel_size, first=True, dtype=dtype)
        rest = [GatedLayer(c, c, self.kernel_size, dtype=dtype) for _ in range(self.depth - 1)]
        self.layer = [first, *rest]
        self.head = pixel_outputs.Head(
            self.output, self.channels, c, self.head_features or c, self.mixtures, dtype
        )
        biased = {"none": 0, "invariant": self.depth, "dependent": 1}[self.conditioning]
        self.bias = [
            layers.Dense(4 * c, use_bias=False, dtype=dtype, kernel_init=_fan_in(1.0))
            for _ in range(biased)
        ]
        if self.conditioning == "dependent":
            self.code_map = CodeMap(self.map_features, self.maps, dtype)

    def __call__(self, image: Array, code: Array | None = None, *, train: bool) -> Array:
        """Parameters of the distribution of every pixel given those before it."""
        del train
        if image.shape[-1] != self.channels:
            raise UserError(
                f"pixelcnn.PixelCNN with channels={self.channels} was given images of "
                f"{image.shape[-1]} channels; set channels={image.shape[-1]}, or change the images."
            )
        biases, spatial = self._biases(code, *image.shape[1:3])
        v = h = image
        for index, (layer, bias) in enumerate(zip(self.layer, biases)):
            v, h = layer(v, h, spatial if spatial is not None and index == 0 else bias)
        return self.head(h, image)

    def values_of_a_layer(self, height: int, width: int) -> int:
        """How many numbers the widest layer makes of an image: both stacks', or the head's."""
        groups, outputs = pixel_outputs.sizes(self.output, self.channels, self.mixtures)
        head = groups * max(self.head_features or self.features, outputs)
        return height * width * max(4 * self.features, head)

    def sample(
        self,
        noise: Array,
        code: Array | None = None,
        known: Array | None = None,
        image: Array | None = None,
        temperature: float | Array = 1.0,
    ) -> Array:
        """Images f32[b,h,w,c] in [-1,1], drawn pixel by pixel in one compiled program.

        noise: uniform in [0,1), f32[b,h,w,n]; n is 1 (bernoulli), c (categorical) or 1 + c
        (logistic_mixture). known: bool[h,w] or [b,h,w], where pixels of `image` f[b,h,w,c] are kept
        and conditioned on. In float32 whatever `dtype` is.
        """
        if (known is None) != (image is None):
            raise ValueError("known and image go together: give both or neither.")
        expected = pixel_outputs.noise_size(self.output, self.channels)
        if noise.shape[-1] != expected:
            raise ValueError(f"noise must be f[b,h,w,{expected}]; got {noise.shape}.")
        if known is not None:
            known = jnp.broadcast_to(known if known.ndim == 3 else known[None], noise.shape[:3])
        whole = self.clone(parent=None, name=None, dtype=jnp.float32).bind(self.variables)
        biases, spatial = whole._biases(code, *noise.shape[1:3])
        weights = self.head.weights
        network = pixelcnn_sampling.Network(
            [layer.weights for layer in self.layer],
            biases,
            spatial,
            lambda h, u: pixel_outputs.draw(self.output, weights, h, u, temperature),
        )
        return pixelcnn_sampling.sample(network, noise, known, image)

    def _biases(self, code, height, width):
        """(of each layer f[b,1,1,4C] or None, of the first layer f[b,h,w,4C] or None)."""
        nothing = [None] * self.depth
        if self.conditioning == "none":
            if code is not None:
                raise UserError('A PixelCNN with conditioning="none" takes no code.')
            return nothing, None
        if code is None:
            raise UserError(f'A PixelCNN with conditioning="{self.conditioning}" needs a code.')
        if self.conditioning == "dependent":
            return nothing, self.bias[0](self.code_map(code, height, width))
        return [bias(code)[:, None, None] for bias in self.bias], None

    def _check(self):
        for name, allowed in (("output", pixel_outputs.OUTPUTS), ("conditioning", CONDITIONING)):
            if getattr(self, name) not in allowed:
                given = getattr(self, name)
                raise UserError(f'{name}="{given}" is not one of {", ".join(allowed)}.')
        if self.channels not in (1, 3) or (self.output == "bernoulli" and self.channels != 1):
            raise UserError(
                f"channels={self.channels} must be 1 or 3, and 1 where the output is bernoulli."
            )
        if self.depth < 1:
            raise UserError(f"depth={self.depth} of a PixelCNN must be at least 1.")
        for name in ("first_kernel_size", "kernel_size"):
            size = getattr(self, name)
            if size < 3 or size % 2 == 0:
                raise UserError(f"{name}={size} of a PixelCNN must be 3, 5 or another odd number.")


def _fan_in(scale: float) -> nn.initializers.Initializer:
    return initializers.variance_scaling(scale, "fan_in", "normal")
