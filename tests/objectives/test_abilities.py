"""Abilities of all objectives: one signature each, averaged networks, and what they are asked."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import CLASSES, CODE, NAMES, PIXELS, SIDE, module_of, setup

from jaxgen.core import eval_params

pytestmark = pytest.mark.core

SIGNATURES = {
    "turns": {"hparams": ...},
    "num_classes": {"hparams": ...},
    "num_images": {"hparams": ...},
    "sampled_classes": {"hparams": ...},
    "lacks": {"hparams": ...},
    "arcs": {"hparams": ...},
    "create_state": {"spec": ..., "key": ..., "batch": ...},
    "train_step": {"spec": ..., "state": ..., "batch": ..., "key": ...},
    "sample": {"spec": ..., "state": ..., "key": ..., "num": ..., "condition": None},
    "draw_code": {"spec": ..., "key": ..., "num": ...},
    "encode": {"spec": ..., "state": ..., "image": ...},
    "decode": {"spec": ..., "state": ..., "code": ..., "condition": None, "key": None},
    "reconstruct": {"spec": ..., "state": ..., "batch": ..., "key": ...},
    "translate": {"spec": ..., "state": ..., "batch": ..., "key": ...},
    "colorize": {"spec": ..., "state": ..., "lightness": ..., "key": ...},
    "complete": {
        "spec": ...,
        "state": ...,
        "key": ...,
        "image": ...,
        "known": ...,
        "condition": None,
    },
    "as_modelled": {"spec": ..., "image": ..., "key": None},
    "assignments": {"spec": ..., "state": ..., "image": ...},
    "evaluate": {"spec": ..., "state": ..., "batch": ..., "key": ...},
}


def having(*abilities):
    """The objectives that have all of them."""
    return [name for name in NAMES if all(hasattr(module_of(name), a) for a in abilities)]


def image_like(num):
    return (num, SIDE, SIDE, 1)


@pytest.mark.parametrize("name", NAMES)
def test_every_ability_has_one_signature(name):
    for ability, expected in SIGNATURES.items():
        function = getattr(module_of(name), ability, None)
        if function is None:
            continue
        parameters = inspect.signature(function).parameters
        found = {n: ... if p.default is p.empty else p.default for n, p in parameters.items()}
        assert list(found.items()) == list(expected.items()), ability
        kinds = {p.kind for p in parameters.values()}
        assert kinds == {inspect.Parameter.POSITIONAL_OR_KEYWORD}, ability


# Every objective, and variants whose abilities run other code.
VARIANTS = {name: (name, {}) for name in NAMES} | {
    "aae, mixture": ("aae", {"code_prior": "mixture"}),
    "aae, squared": ("aae", {"likelihood": "squared"}),
    "aegan, aae": ("aegan", {"model": "aae"}),
    "aegan, egan": ("aegan", {"model": "egan"}),
    "age, normal": ("age", {"latent_prior": "normal"}),
    "colorization of a latent": ("colorization", {"latent_size": CODE}),
    "pixelcnn of classes": ("pixelcnn", {"num_classes": CLASSES}),
    "pixelgan_ae, gaussian": ("pixelgan_ae", {"code_prior": "gaussian"}),
    "vae, gaussian": ("vae", {"likelihood": "gaussian"}),
    "vae, discretized": ("vae", {"likelihood": "discretized", "importance_samples": 3}),
}


def answers(module, spec, state, batch):
    """What all abilities give of a state, by name."""
    keys = iter(jax.random.split(jax.random.key(2), 4))
    if hasattr(module, "colorize"):
        key = next(keys)
        return {
            "colorize": module.colorize(spec, state, batch["lightness"], key),
            "evaluate": module.evaluate(spec, state, batch, key),
        }
    if hasattr(module, "translate"):
        return {
            "translate": module.translate(spec, state, batch, next(keys)),
            "back": module.translate(
                spec, state, {"other_image": batch["other_image"]}, next(keys)
            ),
            "evaluate": module.evaluate(spec, state, batch, next(keys)),
        }
    found = {}
    if hasattr(module, "sample"):
        found["sample"] = module.sample(spec, state, next(keys), 5)
    if hasattr(module, "encode"):
        found["encode"] = module.encode(spec, state, batch["image"])
    if hasattr(module, "decode"):
        found["decode"] = module.decode(spec, state, module.draw_code(spec, next(keys), 5))
    if hasattr(module, "assignments") and module.num_classes(spec.hparams):
        found["assignments"] = module.assignments(spec, state, batch["image"])
    for ability in ("reconstruct", "evaluate"):
        if hasattr(module, ability):
            found[ability] = getattr(module, ability)(spec, state, batch, next(keys))
    return found


@pytest.mark.parametrize("variant", VARIANTS)
def test_abilities_ask_the_averaged_networks_outside_of_training(variant):
    """Parameters that are not numbers are never read, nor a network called in training."""
    name, hparams = VARIANTS[variant]
    module = module_of(name)
    spec, state, batch = setup(name, ema=True, trained=False, **hparams)
    broken = jax.tree.map(lambda x: jnp.full_like(x, jnp.nan), state.params)
    found = answers(module, spec, state.replace(params=broken), batch)
    plain, *_ = setup(name, trained=False, **hparams)
    expected = answers(module, plain, state.replace(ema={}), batch)
    jax.tree.map(np.testing.assert_array_equal, found, expected)
    if "colorize" in found:
        assert found["colorize"].shape == (len(batch["lightness"]), SIDE, SIDE, 2)
    elif "translate" in found:
        assert found["translate"].shape == batch["image"].shape
    elif "sample" not in found:
        assert found["assignments"].shape == (len(batch["image"]), CLASSES)
    else:
        assert found["sample"].shape == image_like(5)
    assert all(np.all(np.isfinite(x)) for x in found.values() if isinstance(x, jax.Array))
    assert all(np.isfinite(value) for value in found.get("evaluate", {}).values())


@pytest.mark.parametrize("name", having("decode"))
def test_a_code_alone_is_decoded(name):
    module = module_of(name)
    spec, state, _ = setup(name)
    code = module.draw_code(spec, jax.random.key(1), 20)
    assert code.ndim == 2
    assert len(code) == 20
    images = module.decode(spec, state, code)
    assert images.shape == image_like(20)
    assert float(jnp.max(jnp.abs(images))) <= 1.0
    np.testing.assert_array_equal(module.decode(spec, state, code), images)
    given = module.decode(spec, state, code=code, condition=None, key=None)
    np.testing.assert_array_equal(given, images)
    # Each code's image is its own, and another's is another.
    if name not in ("cgan", "aae_supervised", "pixelgan_ae"):
        moved = module.decode(spec, state, jnp.roll(code, 1, axis=0))
        np.testing.assert_allclose(moved, jnp.roll(images, 1, axis=0), rtol=1e-6)
    assert np.any(np.asarray(module.decode(spec, state, code[::-1])) != images)


@pytest.mark.parametrize("name", having("decode"))
def test_a_key_matters_only_where_images_are_drawn(name):
    module = module_of(name)
    spec, state, _ = setup(name)
    code = module.draw_code(spec, jax.random.key(1), 20)
    images = [module.decode(spec, state, code, key=jax.random.key(i)) for i in (0, 0, 1)]
    np.testing.assert_array_equal(images[0], images[1])
    assert np.any(np.asarray(images[0] != images[2])) == (name == "pixelgan_ae")


@pytest.mark.parametrize("name", having("encode", "decode"))
def test_codes_of_images_are_what_is_decoded(name):
    module = module_of(name)
    spec, state, batch = setup(name)
    code = module.encode(spec, state, batch["image"])
    draws = module.draw_code(spec, jax.random.key(1), len(batch["image"]))
    assert code.shape == draws.shape
    assert code.dtype == draws.dtype
    images = module.decode(spec, state, code)
    assert images.shape == batch["image"].shape
    if hasattr(module, "reconstruct"):
        found = module.reconstruct(spec, state, batch, jax.random.key(4))
        condition = batch["label"] if name == "aae_supervised" else None
        images = module.decode(spec, state, code, condition, jax.random.key(4))
        np.testing.assert_array_equal(found, images)


@pytest.mark.parametrize("prior", ["sphere", "normal"])
def test_age_decodes_any_code_and_projects_it_onto_a_sphere(prior):
    age = module_of("age")
    spec, state, _ = setup("age", latent_prior=prior)
    code = jax.random.normal(jax.random.key(1), (6, CODE))
    images, longer = (age.decode(spec, state, scale * code) for scale in (1.0, 3.0))
    if prior == "sphere":
        np.testing.assert_allclose(longer, images, rtol=1e-5)
        unit = code / jnp.linalg.norm(code, axis=1, keepdims=True)
        np.testing.assert_allclose(age.decode(spec, state, unit), images, rtol=1e-5)
    else:
        assert float(jnp.min(jnp.max(jnp.abs(longer - images), axis=(1, 2, 3)))) > 1e-3


def numpy_image(name, state, code, label):
    """The image of codes f[b,m] and labels of the networks of `tiny_games`, in float64."""
    one_hot, code = np.eye(CLASSES)[label], np.asarray(code, np.float64)
    network = {"cgan": "generator", "aae_supervised": "decoder"}[name]
    joined = {"cgan": [code, one_hot], "aae_supervised": [one_hot, code]}[name]
    kernel = np.asarray(eval_params(state)[network]["kernel"], np.float64)
    output = np.tanh(np.concatenate(joined, axis=1) @ kernel)
    return output if name == "cgan" else np.tanh(output / 2)


@pytest.mark.parametrize("name", ["cgan", "aae_supervised"])
def test_images_are_of_the_class_that_is_asked_for(name):
    module = module_of(name)
    spec, state, _ = setup(name)
    code = module.draw_code(spec, jax.random.key(1), 5)
    for label in ([2, 2, 0, 1, 0], [0, 1, 2, 0, 1]):
        images = module.decode(spec, state, code, jnp.array(label))
        expected = numpy_image(name, state, code, label)
        np.testing.assert_allclose(images.reshape(5, PIXELS), expected, rtol=1e-4, atol=1e-6)
    # Without a condition of all classes in turn, which is the last of these.
    np.testing.assert_array_equal(module.decode(spec, state, code), images)


@pytest.mark.parametrize(
    "variant",
    [
        "aae_semisupervised",
        "aae_supervised",
        "cgan",
        "infogan",
        "pixelcnn of classes",
        "pixelgan_ae",
    ],
)
def test_samples_are_of_all_classes_in_turn_or_as_asked(variant):
    name, hparams = VARIANTS[variant]
    module = module_of(name)
    spec, state, _ = setup(name, **hparams)
    assert module.num_classes(spec.hparams) == CLASSES
    num = 40
    turn = jnp.arange(num, dtype=jnp.int32) % CLASSES
    every = module.sample(spec, state, jax.random.key(0), num)
    asked = module.sample(spec, state, jax.random.key(0), num, turn)
    np.testing.assert_array_equal(every, asked)
    other = module.sample(
        spec, state, jax.random.key(0), num, turn.at[:20].set((turn[:20] + 1) % 3)
    )
    changed = np.any(np.asarray(every != other), axis=(1, 2, 3))
    assert changed[:20].mean() > 0.3  # of drawn pixels some stay as they were
    assert not np.any(changed[20:])


@pytest.mark.parametrize(
    "variant", [v for v, (name, _) in VARIANTS.items() if name in having("sample")]
)
def test_samples_differ_and_are_a_function_of_the_key(variant):
    name, hparams = VARIANTS[variant]
    module = module_of(name)
    spec, state, _ = setup(name, **hparams)
    first, again, other = (
        module.sample(spec, state, jax.random.key(i), 12).reshape(12, -1) for i in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert np.any(np.asarray(first != other))
    assert len(np.unique(np.asarray(first), axis=0)) > 3
