"""PixelCNN's cached sampling against full forward passes, one for each pixel and channel."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from pixelcnns import SIDE, VARIANTS, make

from jaxgen.losses import likelihood
from jaxgen.models import pixel_outputs

pytestmark = [pytest.mark.core, pytest.mark.usefixtures("quick_compilation")]


def one_by_one(module, variables, noise, code, known, image, temperature):
    """Full forward passes, one for each channel of each pixel."""
    height, width, channels = (*noise.shape[1:3], module.channels)
    categorical = module.output == "categorical"
    draw = {
        "bernoulli": pixel_outputs.draw_bernoulli,
        "logistic_mixture": pixel_outputs.draw_logistic_mixture,
    }.get(module.output)

    def set_one(index, canvas):
        pixel, k = index // channels, index % channels
        i, j = pixel // width, pixel % width
        params = module.apply(variables, canvas, *code, train=False)[:, i, j]
        if categorical:
            level = pixel_outputs.draw_category(params[:, k], noise[:, i, j, k], temperature)
            value = likelihood.from_levels(level)
        else:
            drawn = draw(params, noise[:, i, j], temperature)
            # The whole pixel is drawn by its first channel's pass; the others see no change.
            value = jnp.where(k == 0, drawn[:, 0], canvas[:, i, j, k])
            canvas = jnp.where(k == 0, canvas.at[:, i, j].set(drawn), canvas)
        if known is not None:
            kept = (
                image[:, i, j]
                if not categorical
                else canvas[:, i, j].at[:, k].set(image[:, i, j, k])
            )
            pixel_value = canvas[:, i, j].at[:, k].set(value)
            pixel_value = jnp.where(known[:, i, j][:, None], kept, pixel_value)
            return canvas.at[:, i, j].set(pixel_value)
        return canvas.at[:, i, j, k].set(value)

    # The canvas before it is drawn does not matter: any number that does not look drawn.
    canvas = jnp.full((noise.shape[0], height, width, channels), 0.123)
    return jax.lax.fori_loop(0, height * width * channels, set_one, canvas)


@pytest.mark.parametrize("partly", [False, True], ids=["whole", "completed"])
@pytest.mark.parametrize(("output", "channels", "conditioning"), VARIANTS)
def test_cached_sampling_equals_full_forward_passes(output, channels, conditioning, partly):
    module, variables, image, code = make(output, channels, conditioning, kernel_size=5)
    size = pixel_outputs.noise_size(output, channels)
    noise = np.float32(np.random.default_rng(7).random((*image.shape[:3], size)))
    known = given = None
    if partly:  # the upper half of one image, scattered pixels of the other
        scattered = np.random.default_rng(8).random((SIDE, SIDE)) < 0.4
        known = np.stack([np.arange(SIDE)[:, None] * np.ones((1, SIDE)) < 2, scattered])
        given = image
    temperature = 0.8 if partly else 1.0
    fast = jax.jit(functools.partial(module.apply, method="sample"))(
        variables, noise, *(code or (None,)), known, given, temperature
    )
    slow = jax.jit(functools.partial(one_by_one, module))(
        variables, noise, code, known, given, temperature
    )
    # Levels, because 1/127.5 may be rounded in either of two ways.
    np.testing.assert_array_equal(likelihood.to_levels(fast), likelihood.to_levels(slow))
    np.testing.assert_allclose(fast, slow, atol=2e-7)
    assert fast.shape == image.shape
    assert len(np.unique(fast)) > 1
    if partly:
        kept = np.broadcast_to(known[..., None], image.shape)
        np.testing.assert_array_equal(np.asarray(fast)[kept], image[kept])


def test_one_mask_serves_all_images():
    module, variables, image, _ = make()
    noise = np.float32(np.random.default_rng(7).random((2, SIDE, SIDE, 1)))
    mask = np.arange(SIDE)[:, None] * np.ones((1, SIDE)) < 3
    draw = jax.jit(functools.partial(module.apply, method="sample"))
    one, many = (
        draw(variables, noise, None, known, image)
        for known in (mask, np.broadcast_to(mask, (2, SIDE, SIDE)))
    )
    np.testing.assert_array_equal(one, many)


def test_sampling_refuses_what_does_not_fit():
    module, variables, _, _ = make()
    noise = jnp.zeros((2, SIDE, SIDE, 1))
    sample = functools.partial(module.apply, variables, method="sample")
    with pytest.raises(ValueError, match="takes no code"):
        sample(noise, jnp.zeros((2, 3)))
    with pytest.raises(ValueError, match="give both or neither"):
        sample(noise, None, jnp.ones((SIDE, SIDE), bool))
    with pytest.raises(ValueError, match="noise must be"):
        sample(jnp.zeros((2, SIDE, SIDE, 2)))


@pytest.mark.parametrize("conditioning", ["none", "invariant", "dependent"])
def test_samples_are_drawn_in_float32_under_mixed_precision(conditioning):
    module, variables, image, code = make("logistic_mixture", 3, conditioning)
    mixed = module.clone(dtype=jnp.bfloat16)
    noise = np.float32(np.random.default_rng(7).random((2, SIDE, SIDE, 4)))
    drawn = [m.apply(variables, noise, *code, method="sample") for m in (module, mixed)]
    np.testing.assert_array_equal(*drawn)
    passes = [m.apply(variables, image, *code, train=False) for m in (module, mixed)]
    assert not np.array_equal(*passes)
