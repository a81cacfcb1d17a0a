"""What is wrong with a config before anything is read."""

import jax
import jax.numpy as jnp
import pytest

from jaxgen.config import load
from jaxgen.config.build import build
from jaxgen.core import UserError

pytestmark = pytest.mark.core


@pytest.mark.parametrize(
    ("batch_size", "micro_batches", "message"),
    [
        (8, 3, r"config.data.batch_size=8 must be a multiple of config.data.micro_batches=3"),
        (8, 8, r"micro_batches=8 leaves one image of config.data.batch_size=8 .* 4 or less"),
        (8, 4, None),
        (1, 1, None),
    ],
)
def test_parts_of_a_batch(batch_size, micro_batches, message):
    keys = {"data.batch_size": batch_size, "data.micro_batches": micro_batches}
    config = load.load("configs/gans_digits.py:gan,smoke", keys)
    if message is None:
        assert build(config).spec.micro_batches == micro_batches
    else:
        with pytest.raises(UserError, match=message):
            build(config)


def test_averages_are_of_networks_that_ask_for_one():
    config = load.load("configs/gans_digits.py:gan,smoke", {"ema.generator": 0.9})
    assert build(config).spec.ema == {"generator": 0.9}


def test_what_only_some_hparams_lack_is_said_of_these():
    """A run of aegan is not told to be one of aegan."""
    gan = build(load.load("configs/aegan_digits.py:gan,smoke", {}))
    with pytest.raises(UserError, match=r"aegan does not encode images with the .* other hp.*:"):
        gan.require("encode")
    with pytest.raises(UserError) as caught:
        gan.require("encode", "decode")
    assert "aegan" not in str(caught.value).partition(":")[2].split(", ")
    gan.require("decode", "draw_code")
    build(load.load("configs/aegan_digits.py:ae,smoke", {})).require("encode")


COLORS = "configs/colorization_photos.py:smoke"


def test_a_colorizer_reads_lightness_and_chroma_of_color_images():
    experiment = build(load.load(COLORS, {"data.image_size": 32}))
    shapes = {name: x.shape for name, x in experiment.example_batch.items()}
    assert shapes == {
        "image": (8, 32, 32, 3),
        "lightness": (8, 32, 32, 1),
        "chroma": (8, 32, 32, 2),
    }
    assert experiment.abilities.sample is None
    with pytest.raises(UserError, match=r"draws no images, it colors given ones; .*colorize"):
        _ = experiment.sample


ENSEMBLE = "configs/temporal_ensembling_digits.py:smoke"


def test_a_classifier_reads_rows_and_labels_and_makes_no_images():
    experiment = build(load.load(ENSEMBLE, {}))
    shapes = {name: (x.shape, x.dtype) for name, x in experiment.example_batch.items()}
    image = ((8, 8, 8, 1), jnp.float32)
    assert shapes == {
        "image": image,
        "labelled_image": image,
        "labelled_label": ((8,), jnp.int32),
        "index": ((8,), jnp.int32),
    }
    state = jax.eval_shape(experiment.create_state, jax.random.key(0))
    assert state.memory["ensemble"].shape == (1498, 10)
    with pytest.raises(UserError, match=r"draws no images, it classifies given ones; .*evaluate"):
        _ = experiment.sample
    for form in ("pi", "labels"):
        other = build(load.load(ENSEMBLE.replace(":", f":{form},"), {}))
        assert "index" not in other.example_batch


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"networks.classifier.num_classes": 3}, r"logits of shape \(3,\), .* gives \(10,\)"),
        ({"networks.classifier.depth": 2}, r"fit images of 8x8 pixels: .* 12 or more"),
        ({"hparams.num_images": 0}, r"config.hparams: num_images=0, .* set num_images to that"),
        ({"data.labelled": 0}, "needs labelled images with these hparams"),
    ],
)
def test_what_no_classifier_can_be_built_of(keys, message):
    with pytest.raises(UserError, match=message):
        build(load.load(ENSEMBLE, keys))


def test_colors_of_gray_images_cannot_be_learned():
    with pytest.raises(UserError, match=r"learns colors, and config.data.channels=1; set it to 3"):
        build(load.load(COLORS, {"data.channels": 1}))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"networks.generator.output_channels": 3}, r"make chroma of shape \(16, 16, 3\), .* 2\)"),
        ({"data.image_size": 18}, "does not fit images"),
        ({"hparams.adversarial": "ebgan"}, "needs another discriminator: an autoencoder"),
    ],
)
def test_networks_that_cannot_color_the_images(keys, message):
    with pytest.raises(UserError, match=message):
        build(load.load(COLORS, keys))
