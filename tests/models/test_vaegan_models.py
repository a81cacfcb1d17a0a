"""VAE/GAN's networks: formulas, the published counts, sides, and initial values."""

import jax
import jax.numpy as jnp
import networks
import numpy as np
import pytest
from numpy_layers import flat, relu

from jaxgen.core import UserError
from jaxgen.models import vaegan

pytestmark = [pytest.mark.core, pytest.mark.usefixtures("quick_compilation")]


@pytest.mark.parametrize("multiples", [(1, 2), (1,)])
def test_encoder_is_its_formula(multiples):
    def formula(layers, image):
        x = image
        for _ in multiples:
            x = relu(layers.batch_norm(layers.conv(x, 2, 2)))
        return layers.dense(relu(layers.batch_norm(layers.dense(flat(x)))))

    module = vaegan.Encoder(4, 2, multiples, 5)
    networks.assert_is_its_formula(module, formula, (16, 8, 8, 2))


@pytest.mark.parametrize(("multiples", "side"), [((3, 2, 1), 8), ((2, 1), 6)])
def test_generator_is_its_formula(multiples, side):
    """Units of the first map are normalised each by itself, those of the others by channel."""
    first, halvings = 2 * multiples[0], len(multiples) - 1

    def formula(layers, latent):
        x = relu(layers.batch_norm(layers.dense(latent)))
        x = x.reshape(-1, side // 2**halvings, side // 2**halvings, first)
        for _ in range(halvings):
            x = relu(layers.batch_norm(layers.conv_transpose(x, 2, 2, output_padding=1)))
        return np.tanh(layers.conv(x, 1, 2))

    module = vaegan.Generator(side, 2, 2, multiples)
    networks.assert_is_its_formula(module, formula, (16, 3))


@pytest.mark.parametrize("multiples", [(2, 3), (2,)])
def test_discriminator_is_its_formula(multiples):
    """Its features are those of the last convolution before the normalisation."""

    def formula(layers, image):
        x = relu(layers.conv(image, 1, 2))
        for _ in multiples:
            shown = layers.conv(x, 2, 2)
            x = relu(layers.batch_norm(shown))
        x = relu(layers.batch_norm(layers.dense(flat(x))))
        return layers.dense(x)[:, 0], flat(shown)

    module = vaegan.Discriminator(2, multiples, 5)
    networks.assert_is_its_formula(module, formula, (16, 8, 8, 2))


@pytest.mark.parametrize("depth", [1, 2])
def test_plain_discriminator_is_its_formula(depth):
    """Its features are those of the last hidden layer before the rectifier."""

    def formula(layers, image):
        shown = layers.dense(flat(image))
        for _ in range(depth - 1):
            shown = layers.dense(relu(shown))
        return layers.dense(relu(shown))[:, 0], shown

    networks.assert_is_its_formula(vaegan.PlainDiscriminator(3, depth), formula, (3, 4, 4, 2))


def norm(width):
    return 2 * width


def test_numbers_of_parameters_of_the_published_networks():
    """architectures.py, img64x64 and img32x32, with codes of 128 numbers."""
    for side, generator, discriminator in (
        (64, (256, 128, 32), (128, 256, 256)),
        (32, (192, 128, 32), (128, 192, 256)),
    ):
        last = (side // 8) ** 2 * 256  # numbers of the smallest map, 16,384 at 64 px
        encoder = 25 * (3 * 64 + 64 * 128 + 128 * 256) + norm(64 + 128 + 256)
        encoder += last * 1024 + norm(1024) + 1024 * 2 * 128 + 2 * 128
        a, b, c = generator
        made = 128 * last + norm(last)
        made += 25 * (256 * a + a * b + b * c) + norm(a + b + c) + 25 * c * 3 + 3
        d, e, f = discriminator
        judged = 25 * 3 * 32 + 32 + 25 * (32 * d + d * e + e * f) + norm(d + e + f)
        judged += last * 512 + norm(512) + 512 + 1
        small = side == 32
        modules = (
            (vaegan.Encoder(), (1, side, side, 3)),
            (vaegan.Generator(side, multiples=(8, 6, 4, 1) if small else (8, 8, 4, 1)), (1, 128)),
            (
                vaegan.Discriminator(multiples=(4, 6, 8) if small else (4, 8, 8)),
                (1, side, side, 3),
            ),
        )
        found = tuple(networks.count(module, shape) for module, shape in modules)
        assert found == (encoder, made, judged)
        if not small:
            assert found == (18_071_360, 4_693_155, 10_953_857)


def test_features_of_the_published_discriminator():
    (logits, shown), _ = networks.outputs(vaegan.Discriminator(), (2, 64, 64, 3))
    assert (logits.shape, shown.shape) == ((2,), (2, 16_384))


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize(
    ("side", "encoder", "generator", "discriminator"),
    [
        (64, (1, 2, 4), (8, 8, 4, 1), (4, 8, 8)),
        (32, (1, 2, 4), (8, 6, 4, 1), (4, 6, 8)),
        (28, (1, 2), (8, 4, 1), (4, 8)),
        (8, (1, 2), (8, 4, 1), (4, 8)),
    ],
)
def test_networks_of_each_side_fit(side, encoder, generator, discriminator, dtype):
    image = (2, side, side, 1)
    code, _ = networks.outputs(vaegan.Encoder(20, multiples=encoder, dtype=dtype), image)
    assert (code.shape, code.dtype) == ((2, 20), jnp.float32)
    module = vaegan.Generator(side, 1, multiples=generator, dtype=dtype)
    made, _ = networks.outputs(module, (2, 10), train=True)
    assert (made.shape, made.dtype) == (image, jnp.float32)
    module = vaegan.Discriminator(multiples=discriminator, dtype=dtype)
    found, _ = networks.outputs(module, image, train=True)
    assert found[1].shape[1] == (side // 2 ** len(discriminator)) ** 2 * 256
    assert {x.dtype for x in found} == {jnp.dtype("float32")}


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (vaegan.Encoder(), (1, 28, 28, 1)),
        (vaegan.Discriminator(), (1, 28, 28, 1)),
        (vaegan.Generator(image_size=28), (1, 4)),
    ],
)
def test_sides_that_cannot_be_halved_are_refused(module, shape):
    with pytest.raises(UserError, match=r"vaegan\.\w+ does not fit images of 28x28 pixels: .* 8"):
        networks.outputs(module, shape)


def test_initial_values_are_those_of_the_code():
    """Uniform in +-1 / sqrt(3 inputs); biases 0, scales of normalisations 1."""
    params = networks.initial(vaegan.Discriminator(hidden_features=64), (1, 16, 16, 3))
    for name, inputs in (("Conv_0", 75), ("Conv_1", 25 * 32), ("Dense_0", 4 * 256)):
        kernel = np.asarray(params[name]["kernel"])
        assert np.abs(kernel).max() == pytest.approx((3 * inputs) ** -0.5, rel=0.01), name
        assert kernel.std() == pytest.approx((9 * inputs) ** -0.5, rel=0.05), name
    assert not np.any(params["Conv_0"]["bias"])
    assert "bias" not in params["Conv_1"]
    for name, part in params.items():
        np.testing.assert_array_equal(part.get("scale", 1.0), 1.0, err_msg=name)


def test_gradients_reach_every_parameter():
    """Of the encoder through generator and features, of the others through the logits."""
    modules = (
        vaegan.Encoder(4, 2, (1, 2), 5),
        vaegan.Generator(8, 1, 2, (2, 2, 1)),
        vaegan.Discriminator(2, (2, 2), 5),
    )
    image = jnp.asarray(np.random.default_rng(0).normal(size=(6, 8, 8, 1)), jnp.float32)
    inputs = image, jnp.zeros((6, 2)), image
    made = [networks.random_variables(module, x) for module, x in zip(modules, inputs)]

    def call(index, params, x):
        variables = {**made[index], "params": params[index]}
        return modules[index].apply(variables, x, train=True, mutable=["batch_stats"])[0]

    def loss(params):
        rebuilt = call(1, params, call(0, params, image)[:, :2])
        logits, shown = call(2, params, rebuilt)
        return jnp.sum(jnp.square(shown)) + jnp.sum(jax.nn.softplus(logits))

    gradients = jax.jit(jax.grad(loss))([variables["params"] for variables in made])
    for path, leaf in jax.tree_util.tree_flatten_with_path(gradients)[0]:
        assert np.isfinite(leaf).all(), path
        assert np.any(leaf != 0), path
