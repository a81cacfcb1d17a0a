"""Every objective with networks of a few numbers, for what is asked of all of them."""

import math
from pathlib import Path

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from jaxgen import objectives
from jaxgen.core import Spec, key_for, resolve

SIDE, BATCH, CLASSES, CODE = 2, 4, 3, 2
PIXELS = SIDE * SIDE
NAMES = sorted(file.stem for file in Path(objectives.__file__).parent.glob("[!_]*.py"))

_LATENTS = {"latent_size": CODE}
_IMAGES = {"image_size": SIDE, "channels": 1, "output": "bernoulli"}
HPARAMS = {
    "aae": {"code_size": CODE, "components": CLASSES},
    "aae_semisupervised": {"style_size": CODE, "num_classes": CLASSES},
    "aae_supervised": {"code_size": CODE, "num_classes": CLASSES},
    "ali": {**_LATENTS, "posterior": "deterministic"},
    "cyclegan": {"pool_size": 3},
    "catgan": {**_LATENTS, "num_classes": CLASSES},
    "cgan": {**_LATENTS, "num_classes": CLASSES},
    "infogan": {"noise_size": CODE, "num_classes": CLASSES},
    "pixelcnn": _IMAGES,
    "pixelgan_ae": {**_IMAGES, "code_size": CLASSES, "posterior": "deterministic"},
    "colorization": {},
    "temporal_ensembling": {
        "num_classes": CLASSES,
        "num_images": 2 * BATCH,
        "translation": 0,
        "ramp_steps": 0,
    },
    "vae": _LATENTS,
    "vaegan": _LATENTS,
} | {
    name: _LATENTS
    for name in ("aegan", "age", "age_colorization", "ebgan", "gan", "lsgan", "wgan", "wgan_gp")
}


class Player(nn.Module):
    """A matrix from its inputs, labels one-hot, to outputs of `shape`; training shifts them.

    The second input, if any, is labels, or any arrays.

    Attributes:
      shape: of an output, () for scores.
      trained: whether it may be called in training.

    """

    shape: tuple[int, ...]
    trained: bool = True

    @nn.compact
    def __call__(self, x, given=None, *, train):
        assert self.trained or not train
        flat = x.reshape(x.shape[0], -1)
        if given is not None:
            more = jax.nn.one_hot(given, CLASSES) if given.ndim == 1 else given
            flat = jnp.concatenate([flat, more.reshape(len(flat), -1)], axis=1)
        size = (flat.shape[1], math.prod(self.shape))
        y = flat @ self.param("kernel", nn.initializers.normal(0.7), size) + 0.25 * train
        return (jnp.tanh(y) if len(self.shape) == 3 else y).reshape(-1, *self.shape)


class Autoencoder(nn.Module):
    """EBGAN's discriminator: (images, codes); of the second input where there is one."""

    trained: bool = True
    channels: int = 1

    @nn.compact
    def __call__(self, x, given=None, *, train):
        code = Player((CODE,), self.trained)(x, given, train=train)
        return Player((SIDE, SIDE, self.channels), self.trained)(code, train=train), code


class Features(nn.Module):
    """Discriminator of VAE/GAN and InfoGAN: (scores, what they are linear in)."""

    trained: bool = True

    @nn.compact
    def __call__(self, x, *, train):
        features = jnp.tanh(Player((3,), self.trained, name="hidden")(x, train=train))
        return Player((), self.trained, name="score")(features, train=train), features


class Pixels(nn.Module):
    """Logits of each pixel, linear in those before it and in the code."""

    trained: bool = True

    @nn.compact
    def __call__(self, image, code=None, *, train):
        assert self.trained or not train
        causal = self.param("causal", nn.initializers.normal(0.7), (PIXELS, PIXELS))
        flat = image.reshape(-1, PIXELS)
        logits = flat @ jnp.triu(causal, 1) + 0.25 * train
        if code is not None:
            shape = (code.shape[1], PIXELS)
            logits += code @ self.param("bias", nn.initializers.normal(2.0), shape)
        return logits.reshape(image.shape)

    def sample(self, noise, code=None, known=None, image=None, temperature=1.0):
        drawn = jnp.zeros_like(noise)
        for i in range(PIXELS):
            on = noise < jax.nn.sigmoid(self(drawn, code, train=False))
            here = (jnp.arange(PIXELS) == i).reshape(1, SIDE, SIDE, 1)
            drawn = jnp.where(here, jnp.where(on, 1.0, -1.0), drawn)
        return drawn


def module_of(name):
    return getattr(objectives, name)


def spec_of(name, tx=None, *, ema=False, trained=True, **hparams):
    """A spec of objective `name`; SGD at rate 0.05 where nothing else is said.

    ema: whether every network has an average. trained: whether networks may be called in training.
    """
    module = module_of(name)
    hparams = module.Hparams(**{**HPARAMS[name], **hparams})
    outputs = {"aae_semisupervised": CLASSES + CODE, "pixelgan_ae": CLASSES}
    outputs |= dict.fromkeys(("vae", "vaegan"), 2 * CODE)  # means and deviations
    nets = dict.fromkeys(module.NETWORKS, Player((), trained))
    nets["encoder"] = Player((outputs.get(name, CODE),), trained)
    nets["generator"] = Player((SIDE, SIDE, 1), trained)
    nets["decoder"] = Pixels(trained) if name.startswith("pixel") else nets["generator"]
    nets["inverse_generator"] = nets["generator"]
    if name == "ebgan":
        nets["discriminator"] = Autoencoder(trained)
    if name == "infogan":
        nets["recogniser"] = Player((CLASSES + hparams.continuous_size,), trained)
    if name == "catgan":
        nets["discriminator"] = Player((CLASSES,), trained)
    if name == "temporal_ensembling":
        nets["classifier"] = Player((CLASSES,), trained)
    if name in ("infogan", "vaegan"):
        nets["discriminator"] = Features(trained)
    if name.endswith("colorization"):
        nets["generator"] = Player((SIDE, SIDE, 2), trained)
    if getattr(hparams, "adversarial", "") == "ebgan":
        nets["discriminator"] = Autoencoder(trained, channels=2)
    return Spec(
        nets={network: nets[network] for network in module.NETWORKS},
        tx={network: optax.sgd(0.05) for network in module.NETWORKS} | (tx or {}),
        hparams=hparams,
        ema=dict.fromkeys(module.NETWORKS, 0.9) if ema else {},
    )


def batch_of(spec, name):
    """Random binary images and labels of a step, and labelled ones: all that is ever read."""
    count = BATCH * resolve(module_of(name), spec.hparams).batches
    image, labelled = jax.random.rademacher(
        jax.random.key(9), (2, count, SIDE, SIDE, 1), dtype=jnp.float32
    )
    label = jnp.arange(count, dtype=jnp.int32) % CLASSES
    known = {"labelled_image": labelled, "labelled_label": (label + 1) % CLASSES}
    chroma = jax.random.uniform(jax.random.key(8), (count, SIDE, SIDE, 2), minval=-1.0)
    names = ("other_image", "made_other_image", "made_image")
    others = jax.random.uniform(jax.random.key(7), (3, *image.shape), minval=-1.0)
    known |= dict(zip(names, others))
    known["index"] = jnp.arange(count, dtype=jnp.int32)[::-1] + 1
    known |= {"made_target": jnp.full((count, CLASSES), 0.2), "made_weight": jnp.ones(count)}
    return {"image": image, "label": label, **known, "lightness": image, "chroma": chroma}


def setup(name, tx=None, **options):
    """(spec, initial state, batch)."""
    spec = spec_of(name, tx, **options)
    batch = batch_of(spec, name)
    return spec, module_of(name).create_state(spec, jax.random.key(0), batch), batch


def update_key(key, purpose, number=0, step=0):
    """The key of one update, as the contract of `take_turns` has it."""
    return jax.random.fold_in(key_for(jax.random.fold_in(key, step), purpose), number)
