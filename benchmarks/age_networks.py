"""The arithmetic that an AGE step needs, and the same networks made of Flax's own layers."""

import functools
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from jaxgen.core import Spec, TrainState
from jaxgen.models import layers


def step_flops(spec: Spec, state: TrainState, batch: dict[str, jax.Array]) -> float:
    """Floating-point operations of the products that one step of the published losses needs."""
    z = jnp.zeros((batch["image"].shape[0], spec.hparams.latent_size))
    encoder, encoder_first = _forward_flops(spec, state, "encoder", batch["image"])
    generator, generator_first = _forward_flops(spec, state, "generator", z)
    # On real and on generated images: forward, kernel and input gradients, but for the images'
    # own; the reconstruction goes through a constant generator.
    encoder_update = 2 * (3 * encoder - encoder_first) + generator * (2 + 1)
    # Through a constant encoder; noise needs no gradient.
    generator_update = 2 * encoder + 3 * generator - generator_first
    hparams = spec.hparams
    return hparams.encoder_updates * encoder_update + hparams.generator_updates * generator_update


def _forward_flops(spec, state, name, x) -> tuple[float, float]:
    """Of one forward pass: (all layers, the first layer)."""
    flops = []

    def count(call, args, kwargs, context):
        y = call(*args, **kwargs)
        module = context.module
        if isinstance(module, layers.Conv | layers.ConvTranspose) and not isinstance(y, tuple):
            pixels = (args[0] if isinstance(module, layers.ConvTranspose) else y).shape[:3]
            taps = np.prod(layers.pair(module.kernel_size))
            flops.append(2.0 * np.prod(pixels) * taps * args[0].shape[3] * module.features)
        return y

    variables = {"params": state.params[name], **state.model_state[name]}
    with nn.intercept_methods(count):
        jax.eval_shape(functools.partial(spec.nets[name].apply, train=False), variables, x)
    return sum(flops), flops[0]


class FlaxNetwork(nn.Module):
    """A network of `jaxgen.models.age` made of Flax's own layers, with the same parameter tree.

    layers: (transposed, features, kernel, stride, padding, bias, normalised) of each.
    """

    layers: tuple[tuple[bool, int, int, int, int, bool, bool], ...]
    is_encoder: bool
    pool: bool

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Codes of images, or images of codes."""
        x = x if self.is_encoder else x[:, None, None, :]
        last = len(self.layers) - 1
        for index, (transposed, features, k, s, p, bias, normalised) in enumerate(self.layers):
            common: dict[str, Any] = {"strides": (s, s), "use_bias": bias}
            if transposed:
                border = (k - 1 - p, k - 1 - p)
                x = nn.ConvTranspose(features, (k, k), padding=[border] * 2, **common)(x)
            else:
                x = nn.Conv(features, (k, k), padding=[(p, p)] * 2, **common)(x)
            if normalised:
                x = layers.batch_norm(train=train)(x)
            if index < last:
                x = nn.leaky_relu(x, 0.2) if self.is_encoder else nn.relu(x)
        if self.is_encoder:
            return jnp.mean(x, axis=(1, 2)) if self.pool else x[:, 0, 0]
        return jnp.tanh(x)


def with_flax_layers(spec: Spec, state: TrainState, batch: Any) -> tuple[Spec, TrainState]:
    """The same spec and state, with Flax's convolutions in the place of ours."""
    nets = {}
    z = jnp.zeros((1, spec.hparams.latent_size))
    for name, x in (("encoder", batch["image"][:1]), ("generator", z)):
        found = []

        def note(call, args, kwargs, context, found=found):
            module = context.module
            if isinstance(module, layers.Conv | layers.ConvTranspose):
                transposed = isinstance(module, layers.ConvTranspose)
                shape = (module.features, module.kernel_size, module.strides, module.padding)
                found.append([transposed, *shape, module.use_bias, False])
            elif isinstance(module, nn.BatchNorm):
                found[-1][-1] = True
            return call(*args, **kwargs)

        variables = {"params": state.params[name], **state.model_state[name]}
        with nn.intercept_methods(note):
            jax.eval_shape(functools.partial(spec.nets[name].apply, train=False), variables, x)
        is_encoder = name == "encoder"
        pool = is_encoder and found[-1][3] == 2
        nets[name] = FlaxNetwork(tuple(map(tuple, found)), is_encoder, pool)
    params = jax.tree_util.tree_map_with_path(_flip_transposed, state.params)
    return Spec(nets=nets, tx=spec.tx, hparams=spec.hparams), state.replace(params=params)


def _flip_transposed(path, x):
    """Flax correlates with the kernel of a transposed convolution, where PyTorch scatters it."""
    return x[::-1, ::-1] if "ConvTranspose" in str(path) and x.ndim == 4 else x
