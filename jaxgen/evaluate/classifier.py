"""The feature space of a classifier that is trained on the data set's labels, once, and cached."""

import functools
import io
import time
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxgen.core import files
from jaxgen.core.errors import UserError
from jaxgen.core.images import to_float
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState, create
from jaxgen.core.step import finish, optimise
from jaxgen.core.types import Array, Metrics, PyTree
from jaxgen.data.dataset import Dataset
from jaxgen.evaluate.batches import in_batches
from jaxgen.evaluate.features import FeatureExtractor
from jaxgen.models.classifier import VERSION, Classifier

_NAME = "classifier"
_BATCH = 128
_DAMAGED = (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error)

Network = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
Say = Callable[[str], None] | None


def classifier_features(
    train: Dataset,
    test: Dataset,
    *,
    cache_dir: str | Path | None = None,
    say: Say = None,
    seed: int = 0,
) -> FeatureExtractor:
    """The 64 features of a small classifier of `train`, with its accuracy on `test`.

    Training has a fixed budget (see `fit`) and happens once per data set: the weights are kept in
    `cache_dir` (default: that of decoded data sets) under the fingerprint of `train`. A cache file
    that cannot be read is replaced, with a warning. say: called with each line about the progress;
    None is silence. Raises UserError: no labels, images below 8x8 pixels.
    """
    network = load_or_fit(train, cache_dir=cache_dir, say=say, seed=seed)
    accuracy = float(np.mean(network(test.image)[0].argmax(axis=1) == test.label))
    if say:
        say(f"the classifier of {train.name} is right on {accuracy:.2%} of held-out images")
    counts = np.bincount(labels(train), minlength=len(train.classes))
    return FeatureExtractor(
        name=f"classifier of {train.name}@{train.image.shape[1]}",
        features=lambda images: network(images)[1].astype(np.float64),
        classify=lambda images: network(images)[0].argmax(axis=1),
        accuracy=accuracy,
        classes=tuple(str(name) for name in train.classes),
        class_shares=counts / counts.sum(),
        probabilities=lambda images: _softmax(network(images)[0]),
    )


def load_or_fit(train: Dataset, *, cache_dir: str | Path | None, say: Say, seed: int) -> Network:
    """A function from images [n,h,w,c] to (logits f32[n,classes], features f32[n,64])."""
    shape = train.image.shape[1:]
    if min(shape[:2]) < 8:
        raise UserError(
            f"Data set {train.name} has images of {shape[0]}x{shape[1]} pixels, but a classifier "
            "for evaluation needs at least 8x8; choose a larger image size."
        )
    labels(train)
    spec = _spec(len(train.classes), _steps(len(train.image)))
    folder = files.local_path(cache_dir or files.cache_dir("data"), "cache_dir")
    path = folder / f"classifier-v{VERSION}-{train.fingerprint[:20]}-{seed}.npz"
    params = _load(path, _initial(spec, shape, seed).params[_NAME])
    if params is None:
        params = fit(spec, train, say=say, seed=seed)
        _save(path, params)
    return _network(spec, params, shape)


def fit(spec: Spec, train: Dataset, *, say: Say, seed: int) -> PyTree:
    """Trained parameters: Adam with batches of 128 for 10 epochs, but 300 to 1500 steps.

    The learning rate falls from 2e-3 to 0 along a cosine; images are `shifted`.
    """
    steps, began = _steps(len(train.image)), time.monotonic()
    if say:
        say(f"training a small classifier of {train.name} to evaluate samples with: {steps} steps")
    label, generator = labels(train), np.random.default_rng(seed)
    state = _initial(spec, train.image.shape[1:], seed)
    step, order = jax.jit(functools.partial(_train_step, spec)), _order(len(label), generator)
    for count in range(1, steps + 1):
        rows = next(order)
        state, _ = step(state, shifted(train.image[rows], generator), label[rows])
        if say and count % 100 == 0:
            say(f"classifier: step {count}/{steps}, {time.monotonic() - began:.0f} s")
    return jax.device_get(state.params[_NAME])


def labels(dataset: Dataset) -> np.ndarray:
    """Labels i32[n]. Raises UserError for a data set without them."""
    if dataset.label is None:
        raise UserError(
            f"Data set {dataset.name} has no labels to train a classifier on; compare in the "
            "feature space of pixels, or put the images into one folder per class."
        )
    return dataset.label


def _softmax(logits: np.ndarray) -> np.ndarray:
    """f64[n,k], rows of sum 1."""
    logits = logits.astype(np.float64)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _steps(count: int) -> int:
    return int(np.clip(10 * count // _BATCH, 300, 1500))


def _spec(classes: int, steps: int) -> Spec:
    tx = optax.adam(optax.cosine_decay_schedule(2e-3, steps))
    return Spec(nets={_NAME: Classifier(classes)}, tx={_NAME: tx}, hparams=None)


def _initial(spec: Spec, shape: tuple[int, ...], seed: int) -> TrainState:
    """Kernels N(0, 2 / inputs), the rest 0.

    Drawn by numpy, as is all randomness here: to compile JAX's would take longer than the training.
    """
    generator = np.random.default_rng(seed)
    image = jax.ShapeDtypeStruct((1, *shape), jnp.float32)
    like = jax.eval_shape(lambda image: create(spec, jax.random.key(0), {_NAME: (image,)}), image)
    state = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), like)

    def draw(leaf: np.ndarray) -> np.ndarray:
        scale = float(np.sqrt(2 / np.prod(leaf.shape[:-1])))
        return leaf if leaf.ndim < 2 else scale * generator.standard_normal(leaf.shape, np.float32)

    return state.replace(params=jax.tree.map(draw, state.params))


def shifted(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Each of images [n,h,w,c] moved by up to min(h,w) // 16 pixels either way, edges mirrored."""
    count, height, width, _ = images.shape
    most = min(height, width) // 16
    padded = np.pad(images, [(0, 0), (most, most), (most, most), (0, 0)], mode="reflect")
    down, right = generator.integers(0, 2 * most + 1, (2, count, 1))
    rows, columns = down + np.arange(height)[None], right + np.arange(width)[None]
    return padded[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]


def _order(count: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """Rows of one batch after the other, without end; each epoch in a new order."""
    while True:
        order = generator.permutation(count)
        size = min(_BATCH, count)
        for start in range(0, count - size + 1, size):
            yield order[start : start + size]


def _loss(nets: Nets, spec: Spec, image: Array, label: Array) -> tuple[Array, Metrics]:
    del spec
    logits, _ = nets(_NAME, image)
    loss = jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, label))
    return loss, {"classifier/loss": loss}


def _train_step(
    spec: Spec, state: TrainState, image: Array, label: Array
) -> tuple[TrainState, Metrics]:
    image = image.astype(jnp.float32) / 127.5 - 1.0
    state, metrics = optimise(spec, state, _NAME, _loss, image, label)
    return finish(spec, state), metrics


def _network(spec: Spec, params: PyTree, shape: tuple[int, ...]) -> Network:
    """The trained network on any number of images."""
    apply = jax.jit(
        lambda image: Nets(spec, {_NAME: params}, {_NAME: {}})(_NAME, image, train=False)
    )

    def network(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        images = to_float(images)
        if images.shape[1:] != shape or not len(images):
            raise ValueError(f"Need images [n,{','.join(map(str, shape))}]; got {images.shape}.")
        logits, features = in_batches(apply, images, _BATCH)
        return logits, features

    return network


def _save(path: Path, params: PyTree) -> None:
    content = io.BytesIO()
    np.savez(content, **files.flatten(params, "/"))
    try:
        files.write_atomically(path, content.getvalue())
    except OSError as error:
        warnings.warn(f"The classifier is not cached: {error}.", stacklevel=2)


def _load(path: Path, like: PyTree) -> PyTree | None:
    """Parameters from a cache file, or None where it is missing, damaged or of another shape."""
    if not path.exists():
        return None
    wanted = files.flatten(like, "/")
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            found = {name: archive[name] for name in wanted}
        for name, array in found.items():
            if array.shape != wanted[name].shape or array.dtype != wanted[name].dtype:
                raise ValueError(f"{name} is {array.dtype}{list(array.shape)}")
    except _DAMAGED as error:
        warnings.warn(f"Training the classifier again: {path} is damaged ({error}).", stacklevel=2)
        return None
    return files.unflatten(found, "/")
