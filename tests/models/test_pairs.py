"""Every pair of the GAN family: the players fit together and can be trained."""

import functools

import jax
import jax.numpy as jnp
import networks
import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.models import dcgan, ebgan, lsgan, mlp, patch_discriminator, resnet, unet

pytestmark = [pytest.mark.core, pytest.mark.usefixtures("quick_compilation")]

CRITIC = {"features": 2, "batch_norm": False}
# (side, channels, latents, labels or not, generator, discriminator) at published widths.
PUBLISHED = {
    "gan": (28, 1, 100, False, mlp.Generator(), mlp.MaxoutDiscriminator()),
    "cgan": (28, 1, 100, True, mlp.ConditionalGenerator(), mlp.ConditionalDiscriminator()),
    "dcgan64": (64, 3, 100, False, dcgan.Generator(), dcgan.Discriminator()),
    "paper": (
        *(64, 3, 100, False),
        dcgan.Generator(features=128, kernel_size=5),
        dcgan.Discriminator(features=128, kernel_size=5),
    ),
    "imagenet": (32, 3, 256, False, dcgan.FeatureGenerator(), dcgan.FeatureDiscriminator()),
    "conditional": (
        *(28, 1, 100, True),
        dcgan.ConditionalGenerator(),
        dcgan.ConditionalDiscriminator(),
    ),
    "lsgan": (112, 3, 1024, False, lsgan.Generator(), lsgan.Discriminator()),
    "ebgan": (64, 3, 100, False, dcgan.Generator(features=128), ebgan.Discriminator()),
    "ebgan mlp": (28, 1, 100, False, mlp.Generator(), ebgan.MlpDiscriminator()),
    "wgan-gp": (32, 3, 128, False, resnet.Generator(), resnet.Discriminator()),
    **{
        f"dcgan{side}": (
            *(side, 1, 9, False),
            dcgan.Generator(image_size=side, channels=1),
            dcgan.Discriminator(batch_norm=False),
        )
        for side in (16, 28, 32)
    },
    **{
        f"lsgan{side}": (
            *(side, 3, 9, False),
            lsgan.Generator(image_size=side),
            lsgan.Discriminator(),
        )
        for side in (16, 32, 64, 128)
    },
}
POINTS = {"image_size": 1, "channels": 2, "output_activation": "linear", "init_range": 0.0}
# Narrow ones, for gradients.
SMALL = {
    "points": (
        *(1, 2, 2, False),
        mlp.Generator(**POINTS, features=6, depth=3),
        mlp.Discriminator(features=6, activation="relu"),
    ),
    "pacgan": (
        *(1, 2, 2, False),
        mlp.Generator(**POINTS, features=6, depth=4, batch_norm=True),
        mlp.MaxoutDiscriminator(features=4, depth=3, input_dropout=0.0, hidden_dropout=0.0),
    ),
    "points energy": (
        *(1, 2, 2, False),
        mlp.Generator(**POINTS, features=6, depth=3),
        ebgan.MlpDiscriminator(features=6, code_size=3, output_activation="linear"),
    ),
    "gan": (4, 1, 3, False, mlp.Generator(4, 1, 5), mlp.MaxoutDiscriminator(3)),
    "cgan": (
        *(4, 1, 3, True),
        mlp.ConditionalGenerator(image_size=4, features=4, latent_features=3, label_features=3),
        mlp.ConditionalDiscriminator(features=4, label_features=3),
    ),
    "dcgan": (16, 1, 3, False, dcgan.Generator(16, 1, 2), dcgan.Discriminator(**CRITIC)),
    "paper": (
        *(14, 1, 3, False),
        dcgan.Generator(14, 1, 2, kernel_size=5),
        dcgan.Discriminator(**CRITIC, kernel_size=5),
    ),
    "conditional": (
        *(8, 1, 3, True),
        dcgan.ConditionalGenerator(image_size=8, features=2),
        dcgan.ConditionalDiscriminator(features=2),
    ),
    "lsgan": (16, 1, 3, False, lsgan.Generator(16, 1, 2, False), lsgan.Discriminator(2)),
    "ebgan": (16, 1, 3, False, dcgan.Generator(16, 1, 2), ebgan.Discriminator(features=2)),
    "wgan-gp": (8, 1, 3, False, resnet.Generator(8, 1, 2), resnet.Discriminator(2)),
}


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_pairs_fit(name, dtype):
    side, channels, latents, labelled, generator, discriminator = PUBLISHED[name]
    generator, discriminator = generator.clone(dtype=dtype), discriminator.clone(dtype=dtype)
    label = [(2,)] if labelled else []
    image, _ = networks.outputs(generator, (2, latents), *label, train=True)
    assert (image.shape, image.dtype) == ((2, side, side, channels), jnp.float32)
    scores, sown = networks.outputs(discriminator, image.shape, *label, train=True)
    assert sown
    assert all(shape[0] == 2 for shape in sown)
    if isinstance(scores, tuple):
        reconstruction, codes = scores
        assert reconstruction.shape == image.shape
        assert codes.ndim == 2
        assert codes.dtype == reconstruction.dtype == jnp.float32
    else:
        assert (scores.shape, scores.dtype) == ((2,), jnp.float32)


def players(name):
    """(apply generator, apply discriminator, their parameters, latents, labels or nothing)."""
    _, _, latents, labelled, generator, discriminator = SMALL[name]
    rng = np.random.default_rng(1)
    z = jnp.asarray(rng.normal(size=(4, latents)), jnp.float32)
    y = (jnp.asarray([0, 3, 9, 3]),) if labelled else ()
    made = networks.random_variables(generator, z, *y)
    state = {key: value for key, value in made.items() if key != "params"}
    image, _ = networks.outputs(generator, z.shape, *[(4,) for _ in y])
    judged = networks.random_variables(discriminator, jnp.zeros(image.shape), *y)
    stats = {key: value for key, value in judged.items() if key != "params"}

    def generate(params, z, key):
        variables, rngs = {"params": params, **state}, {"dropout": key}
        return generator.apply(variables, z, *y, train=True, rngs=rngs, mutable=list(state))[0]

    def judge(params, image, key):
        variables, rngs = {"params": params, **stats}, {"dropout": key}
        return discriminator.apply(variables, image, *y, train=True, rngs=rngs, mutable=list(stats))

    def energy(params, image, key):
        out, updated = judge(params, image, key)
        assert "intermediates" not in updated  # sowing costs nothing in training
        if isinstance(out, tuple):
            return jnp.mean(jnp.square(out[0] - image), axis=(1, 2, 3))
        return out

    return generate, energy, made["params"], judged["params"], z


@pytest.mark.parametrize("name", SMALL)
def test_gradients_are_finite_and_reach_every_parameter(name):
    generate, energy, of_generator, of_discriminator, z = players(name)
    normalised = bool(networks.structure(SMALL[name][5], *shapes(name)).keys() - {"params"})

    def loss(params):
        keys = jax.random.split(networks.fast_key(0), 3)
        image = generate(params[0], z, keys[0])
        value = jnp.mean(jax.nn.softplus(energy(params[1], image, keys[1])))
        if normalised:
            return value
        # As in WGAN-GP, whose gradient is of second order.
        slope = jax.grad(lambda u: jnp.sum(energy(params[1], u, keys[2])))(image)
        return value + jnp.mean(jnp.square(slope))

    gradients = jax.jit(jax.grad(loss))((of_generator, of_discriminator))
    for path, leaf in jax.tree_util.tree_flatten_with_path(gradients)[0]:
        assert np.isfinite(leaf).all(), path
        assert np.any(leaf != 0), path


def shapes(name):
    side, channels, _, labelled, _, _ = SMALL[name]
    return networks.arrays((4, side, side, channels), *([(4,)] if labelled else []))


@pytest.mark.parametrize(
    ("generator", "discriminator"),
    [
        (dcgan.Generator(16, 1, 4, num_classes=3), dcgan.Discriminator(4, num_classes=3)),
        (
            mlp.Generator(2, 1, features=5, depth=1, num_classes=3),
            mlp.Discriminator(features=5, depth=1, num_classes=3),
        ),
    ],
    ids=["dcgan", "mlp"],
)
def test_labels_go_with_num_classes(generator, discriminator):
    side, channels = generator.image_size, generator.channels
    for module, shape in ((generator, (4, 6)), (discriminator, (4, side, side, channels))):
        networks.outputs(module, shape, (4,))
        with pytest.raises(UserError, match="num_classes=3 was called without labels"):
            networks.outputs(module, shape)
    with pytest.raises(UserError, match="num_classes=0 was called with labels"):
        networks.outputs(mlp.Discriminator(), (4, 2, 2, 1), (4,))


# (side, generator of colors, discriminator of lightness and color), at published widths and narrow.
COLORIZERS = {
    "pix2pix": (256, unet.Generator(), patch_discriminator.Discriminator()),
    "small": (32, unet.Generator(), patch_discriminator.Discriminator(receptive_field=16)),
    "energy": (64, unet.ResizeGenerator(), ebgan.ConditionalDiscriminator(depth=4)),
}
SMALL_COLORIZERS = {
    "critic": (
        unet.ResizeGenerator(features=3),
        patch_discriminator.Discriminator(16, 2, batch_norm=False),
    ),
    "energy": (unet.Generator(features=3), ebgan.ConditionalDiscriminator(features=2, depth=2)),
}


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("name", COLORIZERS)
def test_colorizers_fit(name, dtype):
    side, generator, discriminator = COLORIZERS[name]
    lightness, color = (2, side, side, 1), (2, side, side, 2)
    found, _ = networks.outputs(generator.clone(dtype=dtype), lightness, train=True)
    assert (found.shape, found.dtype) == (color, jnp.float32)
    scores, sown = networks.outputs(discriminator.clone(dtype=dtype), lightness, color, train=True)
    assert sown
    if isinstance(scores, tuple):
        assert (scores[0].shape, scores[0].dtype) == (color, jnp.float32)
        assert (scores[1].ndim, scores[1].dtype) == (2, jnp.float32)
    else:
        assert (scores.ndim, scores.dtype) == (3, jnp.float32)


@pytest.mark.parametrize("name", SMALL_COLORIZERS)
def test_gradients_reach_every_parameter_of_colorizers(name):
    generator, discriminator = SMALL_COLORIZERS[name]
    rng = np.random.default_rng(1)
    lightness = jnp.asarray(rng.normal(size=(4, 8, 8, 1)), jnp.float32)
    shape = jnp.zeros((4, 8, 8, 2))
    made = (
        networks.random_variables(generator, lightness),
        networks.random_variables(discriminator, lightness, shape),
    )

    def call(module, params, variables, *inputs):
        given, rngs = {**variables, "params": params}, {"dropout": networks.fast_key(0)}
        return module.apply(given, *inputs, train=True, rngs=rngs, mutable=["batch_stats"])[0]

    def loss(params):
        color = call(generator, params[0], made[0], lightness)
        judge = functools.partial(call, discriminator, params[1], made[1], lightness)
        judged = judge(color)
        if isinstance(judged, tuple):
            return jnp.mean(jnp.square(judged[0] - color))
        value = jnp.mean(jax.nn.softplus(judged))
        if name != "critic":
            return value
        return value + jnp.mean(jnp.square(jax.grad(lambda u: jnp.sum(judge(u)))(color)))

    gradients = jax.jit(jax.grad(loss))(tuple(variables["params"] for variables in made))
    for path, leaf in jax.tree_util.tree_flatten_with_path(gradients)[0]:
        assert np.isfinite(leaf).all(), path
        assert np.any(leaf != 0), path
