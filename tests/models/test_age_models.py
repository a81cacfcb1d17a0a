"""AGE's networks: parameter counts of the published code, shapes, initial values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.core import UserError, nets
from jaxgen.models import age

pytestmark = pytest.mark.core


def init(module, *shape):
    return jax.jit(lambda key: nets.init(module, key, jnp.zeros(shape)))(jax.random.key(0))


def constant(module, x):
    """Variables of one value: compiling random ones takes longer than everything else here."""
    params, state = jax.eval_shape(lambda: nets.init(module, jax.random.key(0), x))
    return jax.tree.map(lambda leaf: jnp.full(leaf.shape, 0.1), {"params": params, **state})


def count(module, *shape):
    params, _ = jax.eval_shape(lambda: nets.init(module, jax.random.key(0), jnp.zeros(shape)))
    return sum(leaf.size for leaf in jax.tree.leaves(params))


@pytest.mark.parametrize(
    ("size", "latent", "encoder", "generator"),
    [
        (32, 128, 1_183_616, 3_934_595),
        (32, 64, 921_408, 3_410_307),
        (64, 64, 3_281_728, 3_281_792),
        (64, 128, 3_806_080, 3_806_080),
    ],
)
def test_parameter_counts_of_the_published_code(size, latent, encoder, generator):
    pair = {32: (age.Encoder32, age.Generator32), 64: (age.Encoder64, age.Generator64)}[size]
    assert count(pair[0](latent_size=latent), 1, size, size, 3) == encoder
    assert count(pair[1](channels=3), 1, latent) == generator


@pytest.mark.parametrize("size", [16, 32, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes_and_ranges(size, channels):
    encoder = getattr(age, f"Encoder{size}")(latent_size=6, features=4)
    generator = getattr(age, f"Generator{size}")(channels=channels, features=4)

    image = jnp.linspace(-1.0, 1.0, 2 * size * size * channels).reshape(2, size, size, channels)
    variables = constant(encoder, image)
    codes, moved = jax.jit(lambda v, x: encoder.apply(v, x, train=True, mutable=["batch_stats"]))(
        variables, image
    )
    images = jax.jit(lambda v, z: generator.apply(v, z, train=False))(
        constant(generator, codes), codes
    )
    assert codes.shape == (2, 6)
    assert jax.tree.structure(moved["batch_stats"]) == jax.tree.structure(variables["batch_stats"])
    assert images.shape == (2, size, size, channels)
    assert float(jnp.max(jnp.abs(images))) <= 1.0


@pytest.mark.parametrize(
    ("name", "given", "fix"),
    [
        ("Encoder64", (32, 32), "must be 64; use age.Encoder32, or images of 64 px."),
        ("Encoder32", (64, 64), "must be 32; use age.Encoder64, or images of 32 px."),
        ("Encoder16", (64, 64), "must be 16; use age.Encoder64, or images of 16 px."),
        ("Encoder32", (28, 28), "must be 32; use images of 32 px."),
        ("Encoder16", (16, 20), "must be 16; use images of 16 px."),
    ],
)
def test_other_sides_are_refused(name, given, fix):
    encoder = getattr(age, name)()
    with pytest.raises(UserError) as error:
        jax.eval_shape(lambda: nets.init(encoder, jax.random.key(0), jnp.zeros((1, *given, 3))))
    assert str(error.value) == (
        f"age.{name} does not fit images of {given[0]}x{given[1]} pixels: their sides {fix}"
    )


def sizes(generator_or_encoder, *shape):
    """Spatial sizes after each convolution, in order of call."""
    module = generator_or_encoder
    variables = jax.eval_shape(
        lambda: module.init(jax.random.key(0), jnp.zeros(shape), train=False)
    )
    _, found = jax.eval_shape(
        lambda v: module.apply(
            v, jnp.zeros(shape), train=False, capture_intermediates=True, mutable=["intermediates"]
        ),
        variables,
    )
    convolutions = [
        (int(name.split("_")[1]), value["__call__"][0].shape)
        for name, value in found["intermediates"].items()
        if name.startswith("ConvTranspose")
    ]
    return [shape[1:] for _, shape in sorted(convolutions)]


def test_generator_layer_shapes():
    assert sizes(age.Generator64(), 1, 64) == [
        (4, 4, 512),
        (8, 8, 256),
        (16, 16, 128),
        (32, 32, 64),
        (64, 64, 3),
    ]
    assert sizes(age.Generator32(), 1, 128) == [
        (4, 4, 512),
        (8, 8, 256),
        (16, 16, 128),
        (32, 32, 128),
    ]


def test_initial_values_follow_the_published_code():
    params, _ = init(age.Encoder64(), 1, 64, 64, 3)
    kernels = [leaf for leaf in jax.tree.leaves(params) if leaf.ndim == 4]
    assert np.std(np.concatenate([np.ravel(k) for k in kernels])) == pytest.approx(0.02, rel=0.01)
    bias = next(
        np.asarray(part["bias"])
        for name, part in params.items()
        if name.startswith("Conv") and "bias" in part
    )
    bound = 1 / np.sqrt(4 * 4 * 512)
    assert np.abs(bias).max() <= bound
    assert np.abs(bias).max() > 0.8 * bound
    scales = np.concatenate(
        [np.ravel(part["scale"]) for name, part in params.items() if "scale" in part]
    )
    assert np.mean(scales) == pytest.approx(1.0, abs=0.005)
    assert np.std(scales) == pytest.approx(0.02, rel=0.15)


def test_last_convolution_has_the_only_bias():
    params = jax.eval_shape(lambda: init(age.Encoder32(), 1, 32, 32, 3))[0]
    biased = [name for name, part in params.items() if name.startswith("Conv") and "bias" in part]
    assert biased == ["Conv_3"]
    params = jax.eval_shape(lambda: init(age.Generator64(), 1, 64))[0]
    assert not [n for n, part in params.items() if n.startswith("ConvT") and "bias" in part]
