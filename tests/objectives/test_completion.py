"""What models of pixels draw: exact completions, temperatures, and what they see of images."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tiny_games import CLASSES, module_of
from tiny_games import setup as tiny

from jaxgen.core import Spec, key_for
from jaxgen.models.autoencoder import CodeDiscriminator, MLPEncoder
from jaxgen.models.pixelcnn import PixelCNN
from jaxgen.objectives import pixelcnn, pixelgan_ae

pytestmark = [pytest.mark.core, pytest.mark.usefixtures("quick_compilation")]

SIDE, KINDS, COPIES = 2, 3, 10_000
TOLERANCE = 5 * np.sqrt(0.25 / COPIES)  # standard errors of a frequency, at most
IMAGES = np.float32(list(itertools.product([-1, 1], repeat=4))).reshape(16, SIDE, SIDE, 1)
TOP = np.array([[True, True], [False, False]])
GAP = np.array([[True, False], [True, True]])
BEFORE_GAP = np.array([[True, False], [False, False]])


def spec_of(name, **hparams):
    network = PixelCNN(features=4, depth=1, first_kernel_size=3, conditioning="invariant")
    hparams = {"output": "bernoulli", "image_size": SIDE, "channels": 1, **hparams}
    nets = {"decoder": network}
    if name == "pixelgan_ae":
        size = {"code_size": KINDS, "posterior": "deterministic"}
        hparams = {**size, **hparams}
        nets["encoder"] = MLPEncoder(output_size=hparams["code_size"], features=4)
        nets["discriminator"] = CodeDiscriminator(features=4)
    else:
        hparams["num_classes"] = KINDS
    module = module_of(name)
    return Spec(
        nets=nets, tx=dict.fromkeys(nets, optax.sgd(0.1)), hparams=module.Hparams(**hparams)
    )


def setup(name, **hparams):
    """A model whose classes, or codes, draw clearly different images.

    Few seeds give one in which mistaken posteriors show in what is drawn, see `assert_would_show`.
    """
    spec = spec_of(name, **hparams)
    state = module_of(name).create_state(spec, jax.random.key(0), {"image": IMAGES[:1]})
    rng = np.random.default_rng(173)
    decoder = jax.tree.map(
        lambda x: jnp.asarray(rng.normal(size=x.shape), jnp.float32), state.params["decoder"]
    )
    return spec, state.replace(params={**state.params, "decoder": decoder})


def probabilities(spec, state, codes):
    """p(x|code) of all 16 images, f64[codes,16]."""
    rows = []
    for code in codes:
        given = jnp.tile(code[None], (16, 1))
        logits = spec.nets["decoder"].apply(
            {"params": state.params["decoder"]}, IMAGES, given, train=False
        )
        logits = np.asarray(logits, np.float64)
        rows.append(np.exp(-np.logaddexp(0, -IMAGES * logits).sum((1, 2, 3))))
    return np.stack(rows)


def alike(index, where):
    """Which of the 16 images are like one of them there, bool[16]."""
    return np.all(IMAGES[:, where] == IMAGES[index, where], axis=(1, 2))


def normalised(weights):
    return weights / weights.sum()


def assert_would_show(known, others, drawn):
    """Codes of another distribution than p(code|known) would be found out by what is drawn.

    known: p(known|code), f64[codes]; others: weights of the codes, beside those of the likeliest
    code and of the prior; drawn: probabilities of what is drawn given each code, f64[codes,n].
    """
    likeliest, prior = np.eye(KINDS)[known.argmax()], np.ones(KINDS)
    for mistaken in (likeliest, prior, *others):
        difference = (normalised(mistaken) - normalised(known)) @ drawn
        assert np.abs(difference).max() > 4 * TOLERANCE


def completed(name, spec, state, key, image, known, condition=None):
    return jax.jit(lambda *args: module_of(name).complete(spec, state, *args))(
        jax.random.key(key), image, known, condition
    )


def frequencies(images):
    """Of the 16 images, in the order of IMAGES."""
    index = (np.asarray(images).reshape(-1, 4) > 0) @ [8, 4, 2, 1]
    return np.bincount(index, minlength=16) / len(images)


@pytest.mark.parametrize("name", ["pixelcnn", "pixelgan_ae"])
@pytest.mark.parametrize("index", [8, 12])
def test_completions_without_a_class_are_of_the_model_of_all_classes(name, index):
    """p(rest | known) = sum_y p(x|y) / sum_y p(known|y), every class alike beforehand."""
    spec, state = setup(name)
    every = probabilities(spec, state, np.eye(KINDS))
    same = alike(index, TOP)
    expected = normalised(np.where(same, every.mean(axis=0), 0.0))
    known, by_all_pixels = every[:, same].sum(axis=1), every[:, index]
    assert_would_show(known, [by_all_pixels], every[:, same] / known[:, None])
    image = jnp.asarray(np.repeat(IMAGES[index : index + 1], COPIES, axis=0))
    done = completed(name, spec, state, 2, image, TOP)
    np.testing.assert_allclose(frequencies(done), expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", ["pixelcnn", "pixelgan_ae"])
def test_a_class_that_is_given_is_the_one(name):
    spec, state = setup(name)
    every = probabilities(spec, state, np.eye(KINDS))
    same = alike(0, TOP)
    image = jnp.asarray(np.repeat(IMAGES[:1], COPIES, axis=0))
    for kind in range(KINDS):
        given = jnp.full(COPIES, kind)
        given = jax.nn.one_hot(given, KINDS) if name == "pixelgan_ae" else given
        done = completed(name, spec, state, 3, image, TOP, given)
        expected = normalised(np.where(same, every[kind], 0.0))
        np.testing.assert_allclose(frequencies(done), expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("hparams", [{}, {"code_prior": "gaussian", "code_size": 2}])
@pytest.mark.parametrize("name", ["pixelcnn", "pixelgan_ae"])
def test_a_completion_has_not_seen_the_answer(name, hparams):
    hparams = hparams if name == "pixelgan_ae" else {}
    spec, state = setup(name, **hparams)
    complete = jax.jit(
        lambda image: module_of(name).complete(spec, state, jax.random.key(0), image, TOP)
    )
    hidden = np.where(TOP[None, :, :, None], IMAGES, -IMAGES)
    np.testing.assert_array_equal(complete(IMAGES), complete(hidden))
    np.testing.assert_array_equal(np.asarray(complete(IMAGES))[:, 0], IMAGES[:, 0])


def test_codes_are_weighed_by_the_pixels_before_the_first_unknown_one():
    """A pixel after an unknown one is conditioned on what will be drawn, and has no say."""
    spec, state = setup("pixelgan_ae")
    every, index = probabilities(spec, state, np.eye(KINDS)), 3
    before = alike(index, BEFORE_GAP)
    known = every[:, before].sum(axis=1)
    # Given the class, the second pixel is drawn from p(x_2 | x_1, class).
    on = every[:, before & (IMAGES[:, 0, 1, 0] > 0)].sum(axis=1) / known
    expected = normalised(known) @ on
    bottom_given_top = every[:, index] / every[:, alike(index, TOP)].sum(axis=1)
    assert_would_show(known, [known * bottom_given_top, every[:, index]], on[:, None])
    image = jnp.asarray(np.repeat(IMAGES[index : index + 1], COPIES, axis=0))
    done = completed("pixelgan_ae", spec, state, 2, image, GAP)
    found = np.mean(np.asarray(done)[:, 0, 1, 0] > 0)
    assert found == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("name", ["pixelcnn", "pixelgan_ae"])
def test_the_temperature_is_that_of_samples_and_completions(name):
    """At 0 every pixel is the likelier one, whatever the key; above 1 images differ more."""
    module = module_of(name)
    image = jnp.asarray(np.repeat(IMAGES[:1], 200, axis=0))
    kind = jnp.ones(200, jnp.int32)
    code = jax.nn.one_hot(kind, KINDS)
    given = code if name == "pixelgan_ae" else kind

    def drawn(temperature, key):
        spec, state = setup(name, temperature=temperature)
        found = [
            module.sample(spec, state, jax.random.key(key), 200, kind),
            module.complete(spec, state, jax.random.key(key), image, TOP, given),
        ]
        if name == "pixelgan_ae":
            found.append(module.decode(spec, state, code, key=jax.random.key(key)))
        return [np.unique(np.asarray(x).reshape(200, -1), axis=0) for x in found]

    cold, again, hot = drawn(0.0, 0), drawn(0.0, 1), drawn(50.0, 0)
    for first, second, other in zip(cold, again, hot):
        assert len(first) == 1
        np.testing.assert_array_equal(first, second)
        assert len(other) >= 4


def test_the_importance_estimate_of_the_evaluation_is_by_draws_of_the_prior():
    """Of its scale, too: codes of another one are not draws of it."""
    spec, state = setup("pixelgan_ae", code_prior="gaussian", code_size=2, prior_scale=3.0)
    key = jax.random.key(4)
    found = pixelgan_ae.evaluate(spec, state, {"image": IMAGES}, key)["importance_nats"]
    codes = 3.0 * jax.random.normal(key_for(jax.random.key(4), "prior"), (256, 2))
    expected = -np.log(probabilities(spec, state, codes).mean(axis=0)).mean()
    assert float(found) == pytest.approx(expected, rel=1e-4)


def test_gray_images_are_encoded_and_assigned_as_they_are_modelled():
    spec, state = setup("pixelgan_ae")
    gray = np.random.default_rng(2).uniform(-1, 1, (9, SIDE, SIDE, 1)).astype(np.float32)
    for ability in (pixelgan_ae.encode, pixelgan_ae.assignments):
        binary = ability(spec, state, np.sign(gray))
        np.testing.assert_array_equal(ability(spec, state, gray), binary)
    np.testing.assert_array_equal(pixelgan_ae.as_modelled(spec, gray), np.sign(gray))
    same = pixelcnn.as_modelled(spec_of("pixelcnn", output="categorical"), gray)
    assert same is gray


@pytest.mark.parametrize("name", ["pixelgan_ae", "aae_semisupervised"])
def test_assignments_are_the_logits_of_the_categories_of_codes(name):
    spec, state, batch = tiny(name)
    module = module_of(name)
    logits = module.assignments(spec, state, batch["image"])
    categories = module.encode(spec, state, batch["image"])[:, :CLASSES]
    np.testing.assert_allclose(jax.nn.softmax(logits), categories, rtol=1e-5)
    assert not np.allclose(jnp.exp(logits).sum(axis=1), 1.0)
