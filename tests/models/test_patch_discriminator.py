"""PatchGAN: formulas, published sizes and counts, and what a logit sees."""

import itertools

import jax
import jax.numpy as jnp
import networks
import numpy as np
import pytest
from numpy_layers import leaky

from jaxgen.core import UserError
from jaxgen.models import patch_discriminator

pytestmark = [pytest.mark.core, pytest.mark.usefixtures("quick_compilation")]

# Patch: (widths and strides of the layers before the logits, side of the grid at 256 px).
PATCHES = {
    1: ([64, 128], [1, 1], 256),
    16: ([64, 128], [2, 1], 126),
    34: ([64, 128, 256], [2, 2, 1], 62),
    70: ([64, 128, 256, 512], [2, 2, 2, 1], 30),
    142: ([64, 128, 256, 512, 512], [2, 2, 2, 2, 1], 14),
    286: ([64, 128, 256, 512, 512, 512], [2, 2, 2, 2, 2, 1], 6),
}


@pytest.mark.parametrize("patch", [1, 16, 34])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_discriminator_is_its_formula(patch, batch_norm):
    _, strides, _ = PATCHES[patch]
    padding = 0 if patch == 1 else 1

    def formula(layers, condition, image):
        x = np.concatenate([condition, image], axis=3)
        for index, stride in enumerate(strides):
            x = layers.conv(x, stride, padding)
            x = layers.batch_norm(x) if batch_norm and index > 0 else x
            x = layers.sow(leaky(x))
        return layers.conv(x, 1, padding)[:, :, :, 0]

    module = patch_discriminator.Discriminator(patch, features=2, batch_norm=batch_norm)
    networks.assert_is_its_formula(module, formula, (4, 12, 17, 1), (4, 12, 17, 2))


@pytest.mark.parametrize("patch", PATCHES)
def test_layers_of_every_patch(patch):
    widths, _, grid = PATCHES[patch]
    module, shapes = patch_discriminator.Discriminator(patch), [(2, 256, 256, 1), (2, 256, 256, 2)]
    logits, sown = networks.outputs(module, *shapes, train=True)
    assert (logits.shape, logits.dtype) == ((2, grid, grid), jnp.float32)
    size = 1 if patch == 1 else 4
    chain = list(itertools.pairwise((3, *widths, 1)))
    assert networks.kernels(module, *shapes) == [(size, size, *pair) for pair in chain]
    assert [shape[3] for shape in sown] == widths
    weights = size * size * sum(a * b for a, b in chain)
    found = networks.count(module, *shapes)
    assert found == weights + widths[0] + 2 * sum(widths[1:]) + 1
    plain = patch_discriminator.Discriminator(patch, batch_norm=False)
    assert networks.count(plain, *shapes) == weights + sum(widths) + 1
    assert networks.structure(plain, *networks.arrays(*shapes)).keys() == {"params"}


def test_published_counts_and_grids():
    module = patch_discriminator.Discriminator()
    pictures = [(1, 256, 256, 3), (1, 256, 256, 3)]
    assert networks.count(module, *pictures) == 2_768_705
    colors = [(1, 256, 256, 1), (1, 256, 256, 2)]
    assert networks.count(module, *colors) == 2_765_633
    for side, grid in ((256, 30), (128, 14), (64, 6), (32, 2)):
        logits, _ = networks.outputs(module, (1, side, side, 1), (1, side, side, 2))
        assert logits.shape == (1, grid, grid)


@pytest.mark.parametrize("patch", [1, 16, 70, 286])
def test_a_logit_sees_its_patch_and_nothing_else(patch):
    """Images of a patch with one more pixel at each side, and more at the right."""
    step = (patch + 2) // 9 if patch > 1 else 1
    side, logit = (patch + 2, 3) if patch > 1 else (3, 1)
    module = patch_discriminator.Discriminator(patch, features=1)
    shape = (1, side, side + step)
    both = jax.random.normal(networks.fast_key(0), (*shape, 3))
    variables = networks.random_variables(module, both[..., :1], both[..., 1:])

    @jax.jit
    def slope(both):
        def one(both):
            out = module.apply(variables, both[..., :1], both[..., 1:], train=False)
            return out[0, logit, logit]

        return jax.grad(one)(both)

    seen = np.zeros((*shape, 3), bool)
    seen[:, 1 : 1 + patch, 1 : 1 + patch] = True
    np.testing.assert_array_equal(np.asarray(slope(both)) != 0, seen)


def test_initial_values():
    module = patch_discriminator.Discriminator(16, features=32)
    params = networks.initial(module, (1, 6, 6, 1), (1, 6, 6, 2))
    values = np.concatenate([np.ravel(p["kernel"]) for p in params.values() if "kernel" in p])
    np.testing.assert_allclose([values.mean(), values.std()], [0.0, 0.02], atol=5e-4)
    assert 0.01 < params["BatchNorm_0"]["scale"].std() < 0.03
    assert not params["Conv_0"]["bias"].any()
    assert not params["Conv_2"]["bias"].any()


def test_bad_sides_and_patches_are_refused():
    def shapes(side):
        return (1, side, side, 1), (1, side, side, 2)

    for patch, least in ((16, 6), (70, 24), (286, 96)):
        module = patch_discriminator.Discriminator(patch)
        assert networks.outputs(module, *shapes(least))[0].shape == (1, 1, 1)
        message = f"must be {least} or more with receptive_field={patch}, .*; choose {least}"
        with pytest.raises(UserError, match=message):
            networks.outputs(module, *shapes(least - 1))
    assert networks.outputs(patch_discriminator.Discriminator(1), *shapes(1))[0].shape == (1, 1, 1)
    with pytest.raises(
        UserError, match=r"receptive_field=64 .* not one of 1, 16, 34, 70, 142, 286"
    ):
        networks.outputs(patch_discriminator.Discriminator(64), *shapes(256))
