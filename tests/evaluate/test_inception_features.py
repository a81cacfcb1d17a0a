import hashlib
import sys

import flax.linen as nn
import jax
import numpy as np
import pytest
from PIL import Image

from jaxgen.core import UserError
from jaxgen.evaluate import inception
from jaxgen.evaluate.inception import inception_features, interpolation, prepare
from jaxgen.models.inception import state_dict_shapes

pytestmark = pytest.mark.core

safetensors = pytest.importorskip("safetensors.numpy")


def random_weights():
    """The same on any machine: uniform numbers, in alphabetical order, rounded to 16 bits."""
    rng, weights = np.random.Generator(np.random.PCG64(0)), {}
    for name, shape in state_dict_shapes().items():
        bound = np.sqrt(6 / np.prod(shape[1:])) if len(shape) == 4 else 0.3
        bound = 0.02 if name == "fc.weight" else bound
        low, high = -bound, bound
        if name.endswith(("bn.weight", "running_var")):
            low, high = 0.5, 1.5
        weights[name] = (low + (high - low) * rng.random(shape)).astype(np.float16)
    return weights


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory):
    path, weights = tmp_path_factory.mktemp("weights") / "random.safetensors", random_weights()
    weights["Mixed_6b.branch1x1.bn.num_batches_tracked"] = np.zeros((), np.int64)
    safetensors.save_file(weights, path)
    yield path
    path.unlink()


def sentence(error):
    text = str(error.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text


def test_gray_images_have_the_features_that_pytorch_fid_gives_them(weights_file):
    extractor = inception_features(weights_file, batch_size=2)
    index = np.arange(3 * 40 * 56).reshape(3, 40, 56, 1)
    images = (index * index // 50 % 256).astype(np.uint8)
    features, probabilities = extractor.features(images), extractor.probabilities(images)

    # pytorch-fid 0.3.0 (torch 2.13) with these weights and images, the channel repeated; softmax of
    # features @ fc.weight.T.
    expected_features = [
        [11.473725, 1.1275313, 0.40800488],
        [10.802317, 1.0540187, 0.37573427],
        [11.712822, 1.0589367, 0.43270898],
    ]
    expected_probabilities = [
        [1.3060129e-05, 2.4546593e-05, 0.10751272],
        [1.8062219e-05, 3.3190976e-05, 0.10175321],
        [1.1240752e-05, 2.2635573e-05, 0.09758679],
    ]
    np.testing.assert_allclose(features[:, 1:4], expected_features, rtol=1e-4)
    np.testing.assert_allclose(probabilities[:, :3], expected_probabilities, rtol=1e-4)
    assert features.mean() == pytest.approx(2.9519179, rel=1e-5)
    assert features.std(axis=0, ddof=1).mean() == pytest.approx(0.11071262, rel=1e-4)

    assert (features.shape, features.dtype) == ((3, 2048), np.float64)
    assert (probabilities.shape, probabilities.dtype) == ((3, 1008), np.float64)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)
    digest = hashlib.sha256(weights_file.read_bytes()).hexdigest()
    assert extractor.name == (
        f"Inception (FID weights, random.safetensors, sha256 {digest[:12]}, pytorch-fid resizing)"
    )


@pytest.mark.parametrize("size", [(32, 48), (299, 299), (400, 310)])
def test_clean_fid_prepares_images_with_pillows_bicubic(size):
    image = np.random.default_rng(0).integers(0, 256, (1, *size, 3), np.uint8)
    channels = [
        Image.fromarray(image[0, ..., c].astype(np.float32)).resize((299, 299), Image.BICUBIC)
        for c in range(3)
    ]
    expected = np.stack([np.clip(np.asarray(c), 0, 255) for c in channels], axis=-1)
    found = np.asarray(prepare(image, "clean-fid"))[0]
    np.testing.assert_allclose(found, (expected - 128) / 128, atol=1e-5)


@pytest.mark.parametrize("size", [(32, 48), (299, 299), (400, 310)])
@pytest.mark.parametrize("preparation", ["pytorch-fid", "tensorflow"])
def test_bilinear_preparations_read_between_four_pixels(size, preparation):
    image = np.random.default_rng(1).integers(0, 256, (2, *size, 3), np.uint8)
    shift = {"pytorch-fid": 0.5, "tensorflow": 0.0}[preparation]

    def neighbours(side):
        place = np.clip((np.arange(299) + shift) * side / 299 - shift, 0, None)
        low = np.minimum(np.floor(place).astype(int), side - 1)
        return low, np.minimum(low + 1, side - 1), place - low

    (top, bottom, down), (left, right, across) = map(neighbours, size)
    down, across, x = down[:, None, None], across[:, None], image.astype(np.float64)
    upper = x[:, top][:, :, left] * (1 - across) + x[:, top][:, :, right] * across
    lower = x[:, bottom][:, :, left] * (1 - across) + x[:, bottom][:, :, right] * across
    mean = upper * (1 - down) + lower * down
    expected = mean / 127.5 - 1 if preparation == "pytorch-fid" else (mean - 128) / 128
    np.testing.assert_allclose(prepare(image, preparation), expected, atol=1e-5)


@pytest.mark.parametrize("preparation", inception.PREPARATIONS)
def test_preparations_of_gray_and_full_size_images(preparation):
    gray = np.random.default_rng(2).integers(0, 256, (2, 20, 30, 1), np.uint8)
    repeated = np.repeat(gray, 3, axis=3)
    found = prepare(gray, preparation)
    assert found.shape == (2, 299, 299, 3)
    np.testing.assert_allclose(found, prepare(repeated, preparation), atol=1e-6)
    np.testing.assert_allclose(interpolation(299, 299, preparation), np.eye(299), atol=1e-12)


@pytest.fixture
def counted(monkeypatch):
    """(extractor of a tiny network in the place of Inception, the passes that it has made)."""
    passes = []

    class Tiny(nn.Module):
        @nn.compact
        def __call__(self, image, *, train):
            jax.debug.callback(lambda: passes.append(image.shape))
            features = image.mean(axis=(1, 2))
            return nn.Dense(4, name="fc")(features), features

    params = {"fc": {"kernel": np.ones((3, 4), np.float32), "bias": np.arange(4.0)}}
    variables = {"params": params, "batch_stats": {}}
    monkeypatch.setattr(inception, "Inception", Tiny)
    monkeypatch.setattr(inception, "load_weights", lambda path: (variables, "0" * 64))
    return inception_features("tiny.safetensors", batch_size=4), passes


def test_features_then_probabilities_cost_one_pass(counted):
    extractor, passes = counted
    floats = np.random.default_rng(3).uniform(-1, 1, (4, 8, 8, 3))
    images = np.round((floats + 1) * 127.5).astype(np.uint8)
    first = extractor.features(images)
    np.testing.assert_allclose(extractor.probabilities(images.copy()), 0.25, rtol=1e-6)
    assert np.array_equal(extractor.features(floats), first)
    jax.effects_barrier()
    assert len(passes) == 1

    images[0, 0, 0, 0] ^= 1
    assert not np.array_equal(extractor.features(images), first)
    assert extractor.features(images.reshape(2, 16, 8, 3)).shape == (2, 3)
    jax.effects_barrier()
    assert len(passes) == 3


def test_images_that_are_refused(counted):
    extractor, passes = counted
    for shape in [(2, 8, 8), (2, 8, 8, 4), (0, 8, 8, 3)]:
        with pytest.raises(ValueError, match="Need images"):
            extractor.features(np.zeros(shape, np.uint8))
    with pytest.raises(UserError, match="NaN"):
        extractor.probabilities(np.full((2, 8, 8, 3), np.nan))
    jax.effects_barrier()
    assert not passes


def test_unknown_preparation(weights_file):
    with pytest.raises(ValueError, match="pytorch-fid, tensorflow, clean-fid"):
        inception_features(weights_file, preparation="nearest")


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match=r"no\.safetensors .*docs/inception\.md") as error:
        inception_features(tmp_path / "no.safetensors")
    assert "No such file" in sentence(error)
    with pytest.raises(UserError, match="directory"):
        inception_features(tmp_path)


def test_missing_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(UserError, match=r"pip install 'jaxgen\[inception\]'") as error:
        inception_features(tmp_path / "inception.safetensors")
    sentence(error)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + bytes(100), bytes(8) + b"{}"])
def test_other_files(tmp_path, content):
    path = tmp_path / "inception.pth"
    path.write_bytes(content)
    with pytest.raises(UserError, match="not a safetensors file") as error:
        inception_features(path)
    assert "docs/inception.md" in sentence(error)


def test_names_of_another_network(tmp_path):
    path = tmp_path / "other.safetensors"
    shapes = state_dict_shapes()
    weights = {name: np.zeros(1) for name in list(shapes)[5:]}
    weights["AuxLogits.fc.weight"] = np.zeros(1)
    safetensors.save_file(weights, path)
    with pytest.raises(UserError) as error:
        inception_features(path)
    text, names = sentence(error), list(shapes)
    assert f"missing: {names[0]}, {names[1]}, {names[2]} and 2 more" in text
    assert "unexpected: AuxLogits.fc.weight;" in text
    assert names[3] not in text


def test_shapes_of_another_network(tmp_path):
    path = tmp_path / "torchvision.safetensors"
    weights = {name: np.zeros(1, np.float32) for name in state_dict_shapes()}
    weights["fc.weight"] = np.zeros((1000, 2048), np.float16)
    safetensors.save_file(weights, path)
    with pytest.raises(UserError, match="of another shape") as error:
        inception_features(path)
    assert "Conv2d_1a_3x3.bn.bias [1] instead of [32]" in sentence(error)
    assert "torchvision" in str(error.value)
