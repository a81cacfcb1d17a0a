"""Generators that complete an image: formulas, published sizes, skips, where they drop."""

import itertools

import flax.errors
import jax
import jax.numpy as jnp
import networks
import numpy as np
import pytest
from numpy_layers import double, leaky, relu, uniform

from jaxgen.core import UserError
from jaxgen.models import unet

pytestmark = [pytest.mark.core, pytest.mark.usefixtures("quick_compilation")]


@pytest.fixture
def known_masks(monkeypatch):
    """Dropout keeps the units that it keeps in the formulas."""
    monkeypatch.setattr(jax.random, "bernoulli", lambda key, p, shape: uniform(shape) < p)


def drop(layers, x, rate, always):
    return np.where(uniform(x.shape) < 1 - rate, x / (1 - rate), 0) if layers.train or always else x


def with_latent(image, latent):
    everywhere = np.ones((*image.shape[:3], 1)) * latent[:, None, None, :]
    return np.concatenate([image, everywhere], axis=3)


def u_net(depth, blocks, rate=0.5, always=False):
    """The authors' order: rectify, convolve, normalise; first the skip, then what is below it."""

    def formula(layers, image, *latent):
        x = with_latent(image, *latent) if latent else image
        skips = [layers.conv(x, 2, 1)]
        for _ in range(depth - 2):
            skips.append(layers.batch_norm(layers.conv(leaky(skips[-1]), 2, 1)))
        x = layers.conv(leaky(skips[-1]), 2, 1)
        for block in range(1, depth):
            x = layers.batch_norm(layers.conv_transpose(relu(x), 2, 1))
            x = drop(layers, x, rate, always) if block in blocks else x
            x = np.concatenate([skips[depth - 1 - block], x], axis=3)
        return np.tanh(layers.conv_transpose(relu(x), 2, 1))

    return formula


def resizing(depth, upsampling="nearest", always=False):
    def formula(layers, image):
        def up(x):
            if upsampling == "transposed":
                return layers.conv_transpose(x, 2, 1)
            return layers.conv(double(x), 1, 1)

        skips = [leaky(layers.conv(image, 2, 1))]
        for _ in range(depth - 1):
            skips.append(leaky(layers.batch_norm(layers.conv(skips[-1], 2, 1))))
        x = skips[-1]
        for block in range(1, depth):
            x = relu(layers.batch_norm(up(x)))
            x = drop(layers, x, 0.5, always) if block == 1 else x
            if block < depth - 1:
                x = np.concatenate([skips[depth - 1 - block], x], axis=3)
        return np.tanh(up(x))

    return formula


@pytest.mark.parametrize(
    ("fields", "given", "shapes"),
    [
        ({}, (4, (2, 3)), [(4, 16, 16, 1)]),
        (
            {
                "depth": 2,
                "dropout_rate": 0.3,
                "dropout_blocks": (1,),
                "dropout_at_evaluation": True,
            },
            (2, (1,), 0.3, True),
            [(4, 8, 12, 2), (4, 3)],
        ),
    ],
    ids=["default", "all arguments"],
)
def test_u_net_is_its_formula(fields, given, shapes, known_masks):
    module = unet.Generator(features=2, **fields)
    networks.assert_is_its_formula(module, u_net(*given), *shapes)


@pytest.mark.parametrize(
    ("fields", "given"),
    [
        ({}, (3,)),
        ({"upsampling": "transposed", "dropout_at_evaluation": True}, (3, "transposed", True)),
    ],
    ids=["nearest", "transposed"],
)
def test_resizing_generator_is_its_formula(fields, given, known_masks):
    module = unet.ResizeGenerator(features=2, **fields)
    networks.assert_is_its_formula(module, resizing(*given), (4, 8, 8, 1))


DOWN = [64, 128, 256, 512, 512, 512, 512, 512]


def weights(size, *chain):
    """Of convolutions, each from the second number of channels of a pair to the first."""
    return size * size * sum(inputs * outputs for inputs, outputs in chain)


@pytest.mark.parametrize("side", [256, 128, 64, 32])
@pytest.mark.parametrize(("inputs", "outputs"), [(3, 3), (1, 2)])
def test_parameter_counts_of_the_u_net(side, inputs, outputs):
    widths = DOWN[: side.bit_length() - 1]
    up = list(reversed(widths[:-1]))
    down = itertools.pairwise((inputs, *widths))
    joined = zip((widths[-1], *(2 * width for width in up)), (*up, outputs))
    normalised = 2 * (sum(widths[1:-1]) + sum(up))
    expected = weights(4, *down, *joined) + normalised + outputs
    module = unet.Generator(output_channels=outputs)
    found = networks.count(module, (1, side, side, inputs))
    assert found == expected
    published = {(256, 3): 54_413_955, (256, 1): 54_409_858}
    assert found == published.get((side, inputs), found)


@pytest.mark.parametrize(("upsampling", "size"), [("nearest", 3), ("transposed", 4)])
def test_parameter_counts_of_the_resizing_generator(upsampling, size):
    """The decoder: 512, 512, 512, 512, 256, 128, 128, 2 channels, no skip from the first map."""
    up = [512, 512, 512, 512, 256, 128, 128]
    inputs = [512, *(2 * 512 for _ in range(4)), 256 + 256, 128 + 128, 128]
    down = weights(4, *itertools.pairwise((1, *DOWN))) + 64 + 2 * sum(DOWN[1:])
    expected = down + weights(size, *zip(inputs, (*up, 2))) + 2 * sum(up) + 2
    module = unet.ResizeGenerator(upsampling=upsampling)
    assert networks.count(module, (1, 256, 256, 1)) == expected


@pytest.mark.parametrize("kind", [unet.Generator, unet.ResizeGenerator])
def test_biases_stand_where_no_normalisation_follows(kind):
    params = networks.structure(kind(features=2), jnp.zeros((1, 16, 16, 1)))["params"]
    biased = {name for name, part in params.items() if {"kernel", "bias"} <= part.keys()}
    last = "ConvTranspose_3" if kind is unet.Generator else "Conv_7"
    assert biased == ({last} if kind is unet.Generator else {"Conv_0", last})


def test_every_level_of_the_decoder_sees_the_encoders():
    image = jax.random.normal(networks.fast_key(1), (2, 8, 8, 1))
    module = unet.Generator(features=4)
    variables = networks.random_variables(module, image)
    run = jax.jit(lambda variables: module.apply(variables, image, train=False))
    whole = run(variables)
    for level in (1, 2):
        name, params = f"ConvTranspose_{level}", dict(variables["params"])
        kernel = params[name]["kernel"]
        params[name] = {**params[name], "kernel": kernel.at[:, :, : kernel.shape[2] // 2].set(0)}
        assert np.abs(run({**variables, "params": params}) - whole).max() > 1e-3


@pytest.mark.parametrize("kind", [unet.Generator, unet.ResizeGenerator])
def test_only_who_drops_takes_a_key(kind):
    def run(train, **fields):
        module = kind(features=2, **fields)
        variables = networks.structure(module, image)
        mutable = ["batch_stats"] if train else False
        jax.eval_shape(lambda v: module.apply(v, image, train=train, mutable=mutable), variables)

    image = jnp.zeros((2, 16, 16, 1))
    run(train=False)
    for given in ({"train": True}, {"train": False, "dropout_at_evaluation": True}):
        with pytest.raises(flax.errors.InvalidRngError, match="dropout"):
            run(**given)


def test_initial_values():
    params = networks.initial(unet.Generator(features=32), (1, 4, 4, 1))
    kernels = [np.ravel(part["kernel"]) for part in params.values() if "kernel" in part]
    values = np.concatenate(kernels)
    np.testing.assert_allclose([values.mean(), values.std()], [0.0, 0.02], atol=5e-4)
    scales = np.concatenate([part["scale"] for part in params.values() if "scale" in part])
    np.testing.assert_allclose([scales.mean(), scales.std()], [1.0, 0.02], atol=5e-3)
    assert not params["ConvTranspose_1"]["bias"].any()


@pytest.mark.parametrize("kind", [unet.Generator, unet.ResizeGenerator])
def test_sides(kind):
    """Powers of two, or multiples of less with a smaller depth."""
    for side, depth in ((2, 0), (96, 5)):
        out, _ = networks.outputs(kind(depth=depth, features=1), (1, side, 2 * side, 1), train=True)
        assert (out.shape, out.dtype) == ((1, side, 2 * side, 2), jnp.float32)
    for shape, given, message in (
        ((96, 96), 0, "96x96 .* multiples of 64 with depth=6, .* smaller depth; choose 64 or 128"),
        ((256, 300), 0, "256x300 .* multiples of 256 .*; choose 256 or 512"),
        ((1, 1), 0, "1x1 .*; choose 2"),
    ):
        with pytest.raises(
            UserError, match=rf"^unet\.{kind.__name__} does not fit images of {message}"
        ):
            networks.outputs(kind(depth=given), (1, *shape, 1))


@pytest.mark.parametrize("kind", [unet.Generator, unet.ResizeGenerator])
def test_a_latent_is_seen_at_every_pixel(kind):
    image = jnp.zeros((2, 8, 8, 1))
    latent = jnp.arange(6.0).reshape(2, 3)
    params = kind(features=2).init(jax.random.key(0), image, latent, train=False)["params"]
    assert params["Conv_0"]["kernel"].shape == (4, 4, 1 + 3, 2)


def test_unknown_upsampling_is_refused():
    with pytest.raises(UserError, match=r'upsampling="bilinear" .* not one of nearest, transposed'):
        networks.outputs(unet.ResizeGenerator(upsampling="bilinear"), (1, 8, 8, 1))


def test_one_pixel_of_one_image_is_not_normalised_to_nothing():
    """As `statistics="image"` would with this generator; two images, or two pixels, are fine."""

    def trained(num, depth):
        module, image = unet.ResizeGenerator(features=2, depth=depth), jnp.zeros((num, 8, 8, 1))
        variables = module.init(jax.random.key(0), image, train=False)
        rngs = {"dropout": jax.random.key(1)}
        return module.apply(variables, image, train=True, rngs=rngs, mutable=["batch_stats"])

    with pytest.raises(UserError, match=r'one pixel of one image leaves .* statistics="running"'):
        trained(1, 3)
    trained(2, 3)
    trained(1, 2)
