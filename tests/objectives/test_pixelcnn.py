"""PixelCNN's objective: an exactly normalised likelihood, conditions, completion."""

import dataclasses
import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.sharding import PartitionSpec

from jaxgen.core import Layout, Nets, Spec
from jaxgen.models.pixelcnn import PixelCNN
from jaxgen.objectives import pixelcnn

pytestmark = [pytest.mark.core, pytest.mark.usefixtures("quick_compilation")]


def setup(size=4, channels=1, num_classes=0, conditioning=None, output="bernoulli", **hparams):
    """(spec, state with weights far from their initial values)."""
    spec = Spec(
        nets={
            "decoder": PixelCNN(
                output=output,
                channels=channels,
                features=4,
                depth=2,
                first_kernel_size=3,
                mixtures=2,
                conditioning=conditioning or ("invariant" if num_classes else "none"),
                map_features=5,
            )
        },
        tx={"decoder": optax.scale(-0.01)},
        hparams=pixelcnn.Hparams(
            output=output, image_size=size, channels=channels, num_classes=num_classes, **hparams
        ),
    )
    batch = {"image": jnp.zeros((1, size, size, channels)), "label": jnp.zeros((1,), jnp.int32)}
    state = jax.eval_shape(lambda: pixelcnn.create_state(spec, jax.random.key(0), batch))
    random = np.random.default_rng(0)
    params = jax.tree.map(lambda x: np.float32(random.normal(0, 0.7, x.shape)), state.params)
    zeros = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), state)
    return spec, zeros.replace(params=jax.tree.map(jnp.asarray, params))


def nats(spec, state, image, label=None):
    @jax.jit
    def run(state, image, label):
        nets = Nets(spec, state.params, state.model_state)
        return pixelcnn.negative_log_likelihood(nets, spec, image, label)

    return np.asarray(run(state, image, label), np.float64)


@pytest.mark.parametrize("conditioning", ["none", "invariant", "dependent"])
def test_probabilities_of_all_binary_images_sum_to_one(conditioning):
    classes = 0 if conditioning == "none" else 3
    spec, state = setup(size=2, num_classes=classes, conditioning=conditioning)
    images = np.float32(list(itertools.product([-1, 1], repeat=4))).reshape(16, 2, 2, 1)
    totals = []
    for label in range(max(1, classes)):
        p = np.exp(-nats(spec, state, images, jnp.full((16,), label)))
        assert p.sum() == pytest.approx(1.0, abs=1e-6)
        totals.append(p)
    # Neither uniform nor, where there are classes, the same for all of them.
    assert np.ptp(totals[0]) > 0.01
    assert all(np.abs(p - totals[0]).max() > 1e-3 for p in totals[1:])


@pytest.mark.parametrize("classes", [0, 3])
def test_loss_is_the_mean_and_has_bits(classes):
    spec, state = setup(num_classes=classes)
    image = np.float32(np.random.default_rng(1).uniform(-1, 1, (6, 4, 4, 1)))
    label = np.arange(6) % 3
    args = (image, label) if classes else (image,)
    function = pixelcnn.conditional_decoder_loss if classes else pixelcnn.decoder_loss
    loss, metrics = jax.jit(
        lambda p: function(Nets(spec, p, {"decoder": {}}), spec, *args, jax.random.key(0))
    )(state.params)
    expected = nats(spec, state, np.sign(image), label).mean()
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    np.testing.assert_allclose(metrics["decoder/nll"], expected, rtol=1e-5)
    np.testing.assert_allclose(
        metrics["decoder/bits_per_dim"], expected / (16 * np.log(2)), rtol=1e-5
    )
    if classes:
        other = nats(spec, state, np.sign(image), (label + 1) % 3).mean()
        assert abs(other / expected - 1) > 1e-3


def test_steps_lower_the_loss_and_draw_pixels_each_time():
    spec, state = setup(binarise="sample")
    batch = {"image": np.full((32, 4, 4, 1), 0.6, np.float32)}
    step = jax.jit(functools.partial(pixelcnn.train_step, spec))
    # The same pixels before and after.
    measure = jax.jit(lambda state: pixelcnn.evaluate(spec, state, batch, jax.random.key(2))["nll"])
    before, key = measure(state), jax.random.key(1)
    losses = [
        step(state.replace(step=jnp.asarray(i)), batch, key)[1]["decoder/nll"] for i in (1, 1, 2)
    ]
    assert float(losses[0]) == float(losses[1])
    assert float(losses[1]) != float(losses[2])  # the same weights, other pixels
    for number in range(20):
        assert int(state.step) == number
        state, _ = step(state, batch, key)
    assert measure(state) < 0.9 * before


def test_samples_follow_the_condition_and_the_balance():
    spec, state = setup(num_classes=2)
    draw = jax.jit(lambda key, label: pixelcnn.sample(spec, state, key, 6, label))
    key = jax.random.key(0)
    balanced = jax.jit(lambda key: pixelcnn.sample(spec, state, key, 6))(key)
    np.testing.assert_array_equal(balanced, draw(jax.random.clone(key), np.arange(6) % 2))
    other = draw(jax.random.clone(key), 1 - np.arange(6) % 2)
    assert np.any(balanced != other)
    spec, state = setup()
    with pytest.raises(ValueError, match="takes no condition"):
        pixelcnn.sample(spec, state, jax.random.key(0), 2, jnp.zeros(2, jnp.int32))


def test_frequencies_of_samples_are_the_likelihood():
    spec, state = setup(size=2, temperature=1.0)
    images = np.float32(list(itertools.product([-1, 1], repeat=4))).reshape(16, 2, 2, 1)
    p = np.exp(-nats(spec, state, images))
    drawn = jax.jit(lambda key: pixelcnn.sample(spec, state, key, 20_000))(jax.random.key(3))
    index = (np.asarray(drawn).reshape(-1, 4) > 0) @ [8, 4, 2, 1]
    found = np.bincount(index, minlength=16) / 20_000
    np.testing.assert_allclose(found, p, atol=4 * np.sqrt(p.max() / 20_000))


def test_completion_keeps_what_is_known_and_draws_the_rest():
    spec, state = setup(output="logistic_mixture", channels=3)
    image = np.float32(np.random.default_rng(1).integers(0, 256, (5, 4, 4, 3)) / 127.5 - 1)
    known = np.arange(4)[:, None] * np.ones((1, 4)) < 2
    complete = jax.jit(lambda key, image: pixelcnn.complete(spec, state, key, image, known))
    done = complete(jax.random.key(0), image)
    np.testing.assert_array_equal(np.asarray(done)[:, :2], image[:, :2])
    assert np.any(np.asarray(done)[:, 2:] != image[:, 2:])
    # What stands where nothing is known makes no difference; what is known does.
    blank = np.where(known[None, ..., None], image, np.float32(0.5))
    np.testing.assert_array_equal(done, complete(jax.random.key(0), blank))
    other = np.where(known[None, ..., None], -image, image)
    assert np.any(np.asarray(complete(jax.random.key(0), other))[:, 2:] != np.asarray(done)[:, 2:])


def test_evaluation_with_and_without_labels():
    spec, state = setup(num_classes=3)
    image = np.sign(np.random.default_rng(1).normal(size=(5, 4, 4, 1))).astype(np.float32)
    labels = np.arange(5) % 3
    evaluate = jax.jit(functools.partial(pixelcnn.evaluate, spec))
    given = [nats(spec, state, image, jnp.full((5,), y)) for y in range(3)]
    # Gray images are made binary first.
    found = evaluate(state, {"image": 0.3 * image}, jax.random.key(0))
    expected = -np.log(np.mean(np.exp(-np.stack(given)), 0)).mean()
    np.testing.assert_allclose(found["nll"], expected, rtol=1e-5)
    np.testing.assert_allclose(found["bits_per_dim"], expected / 16 / np.log(2), rtol=1e-5)
    found = evaluate(state, {"image": image, "label": labels}, jax.random.key(0))
    expected = np.mean([given[y][i] for i, y in enumerate(labels)])
    np.testing.assert_allclose(found["nll"], expected, rtol=1e-5)


def test_unknown_choices_are_refused():
    with pytest.raises(ValueError, match='output="gauss" is not one of bernoulli'):
        pixelcnn.Hparams(output="gauss")
    with pytest.raises(ValueError, match="is not one of threshold, sample, none"):
        pixelcnn.Hparams(binarise="always")
    with pytest.raises(ValueError, match=r"temperature=-1\.0 must be at least 0"):
        pixelcnn.Hparams(temperature=-1.0)


def test_parts_of_an_update_are_averaged_on_every_shard():
    """In a `shard_map`, with its checks on, of two devices that take two parts each."""
    net = PixelCNN(features=4, depth=2)
    hparams = pixelcnn.Hparams(output="bernoulli", image_size=6, channels=1)
    whole = Spec(nets={"decoder": net}, tx={"decoder": optax.sgd(0.1)}, hparams=hparams)
    shard = dataclasses.replace(whole, layout=Layout("data"), micro_batches=2)
    batch = {"image": jnp.sign(jax.random.normal(jax.random.key(0), (8, 6, 6, 1)))}
    key = jax.random.key(1)
    state = pixelcnn.create_state(whole, key, batch)
    split, everywhere = PartitionSpec("data"), PartitionSpec()
    step = jax.shard_map(
        functools.partial(pixelcnn.train_step, shard),
        mesh=jax.sharding.Mesh(jax.devices()[:2], ("data",)),
        in_specs=(everywhere, split, everywhere),
        out_specs=(everywhere, everywhere),
    )
    steps = (step, functools.partial(pixelcnn.train_step, whole))
    found, expected = (jax.jit(f)(state, batch, key)[0].params for f in steps)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
