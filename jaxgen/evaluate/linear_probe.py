"""Linear separability, in a discriminator's features, of classes that it never saw.

A. Radford, L. Metz, S. Chintala, "Unsupervised Representation Learning with Deep Convolutional
Generative Adversarial Networks", ICLR 2016, arXiv:1511.06434, section 5: the maps of all
convolutions, max-pooled to 4x4, flattened and joined, below a linear SVM.

Deviations: features are centred and divided by their root mean square norm, so that one list of
costs fits every feature space, raw pixels included; after the cost is chosen the SVM is fitted once
more to training and validation part together. Batch normalisations use the discriminator's running
statistics, of real and generated images; the authors' code (Newmu/dcgan_code,
svhn_semisup_analysis.py) takes new ones over real training images.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jaxgen.core.errors import UserError
from jaxgen.core.images import to_float
from jaxgen.evaluate.batches import in_batches

TITLES = {
    "probe/probe_accuracy": (
        "Linear probe",
        "accuracy on the adversary's features; higher is better",
    ),
    "probe/probe_accuracy_pixels": ("Linear probe, pixels", "the floor"),
    "probe/probe_width": ("Linear probe, features", "number of them"),
    "probe/probe_cost": ("Linear probe, cost", "of the SVM, chosen on validation images"),
    "probe/n_train": ("Linear probe, training images", ""),
    "probe/n_validation": ("Linear probe, validation images", "part of the training images"),
    "probe/n_test": ("Linear probe, test images", ""),
}

Maps = Callable[[np.ndarray], Sequence[np.ndarray]]  # f32[b,h,w,c] in [-1,1] -> f[b,h',w',c'] each

COSTS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
_BATCH = 128


def linear_probe(
    maps: Maps,
    train_images: np.ndarray,
    train_labels: np.ndarray,
    test_images: np.ndarray,
    test_labels: np.ndarray,
    *,
    costs: Sequence[float] = COSTS,
    seed: int = 0,
) -> dict[str, float | int]:
    """Held-out accuracy of a linear SVM on a network's maps, beside that on raw pixels.

    maps: images f32[128,h,w,c] in [-1,1] -> a list of activations, with running statistics in batch
    norms; always called with 128. Images [n,h,w,c] u8 or floats in [-1,1], labels i[n]. Returns

    - "probe_accuracy": share in [0,1] of test images that are classified right
    - "probe_accuracy_pixels": the floor; features below it are worth nothing
    - "probe_width": number of features
    - "probe_cost": the chosen one of `costs`
    - "n_train", "n_validation" (part of the training images, for the cost), "n_test"

    Raises UserError for fewer than 10 training images or 2 classes.
    """
    labels = np.asarray(train_labels)
    if len(np.unique(labels)) < 2 or len(labels) < 10:
        raise UserError(
            "A linear probe needs at least 10 labelled images of 2 classes, but got "
            f"{len(labels)} of {len(np.unique(labels))}."
        )
    train, test = pooled_features(maps, train_images), pooled_features(maps, test_images)
    accuracy, cost, held = svm_accuracy(train, labels, test, test_labels, costs=costs, seed=seed)
    pixels, test_pixels = (to_float(x).reshape(len(x), -1) for x in (train_images, test_images))
    floor, _, _ = svm_accuracy(pixels, labels, test_pixels, test_labels, costs=costs, seed=seed)
    return {
        "probe_accuracy": accuracy,
        "probe_accuracy_pixels": floor,
        "probe_width": train.shape[1],
        "probe_cost": cost,
        "n_train": len(train),
        "n_validation": held,
        "n_test": len(test),
    }


def pooled_features(maps: Maps, images: np.ndarray) -> np.ndarray:
    """f64[n,d]: every map of every image max-pooled to 4x4, flattened, and joined."""

    def joined(batch: np.ndarray) -> list[np.ndarray]:
        flat = [max_pool(np.asarray(m)).reshape(_BATCH, -1) for m in maps(to_float(batch))]
        return [np.concatenate(flat, axis=1).astype(np.float64)]

    return in_batches(joined, images, _BATCH)[0]


def max_pool(activations: np.ndarray, grid: int = 4) -> np.ndarray:
    """f[b,h,w,c] -> f[b,grid,grid,c], or fewer where a side is smaller than `grid`.

    Cell i of a side reaches from floor(i side / grid) to ceil((i + 1) side / grid): equal cells
    where it divides, else cells that overlap by a pixel.
    """
    for axis in (1, 2):
        side = activations.shape[axis]
        count = min(grid, side)
        cells = [
            np.take(
                activations, range(i * side // count, -(-(i + 1) * side // count)), axis=axis
            ).max(axis=axis)
            for i in range(count)
        ]
        activations = np.stack(cells, axis=axis)
    return activations


def svm_accuracy(
    train: np.ndarray,
    train_labels: np.ndarray,
    test: np.ndarray,
    test_labels: np.ndarray,
    *,
    costs: Sequence[float] = COSTS,
    seed: int = 0,
) -> tuple[float, float, int]:
    """(accuracy on the test part, chosen cost, size of the validation part), features f[n,d].

    A fifth of the training part, drawn by `seed`, chooses the cost; the smallest of equals.
    """
    train_labels, test_labels = np.asarray(train_labels), np.asarray(test_labels)
    centre = train.mean(axis=0, dtype=np.float64)
    train, test = train - centre, test - centre
    scale = np.sqrt(np.square(train).sum(axis=1).mean())
    train, test = train / max(scale, 1e-12), test / max(scale, 1e-12)
    if train.shape[1] > len(train):
        # The SVM's weights lie in the span of the training rows: the same answer, in fewer columns.
        basis = np.linalg.qr(train.T)[0]
        train, test = train @ basis, test @ basis
    order = np.random.default_rng(seed).permutation(len(train))
    held, kept = order[: len(train) // 5], order[len(train) // 5 :]
    scores = [
        _fitted(cost, train[kept], train_labels[kept], seed).score(train[held], train_labels[held])
        for cost in costs
    ]
    cost = float(costs[int(np.argmax(scores))])
    accuracy = _fitted(cost, train, train_labels, seed).score(test, test_labels)
    return float(accuracy), cost, len(held)


def _fitted(cost: float, features: np.ndarray, labels: np.ndarray, seed: int) -> Any:
    from sklearn.svm import LinearSVC  # takes a second to import

    # Coordinate descent in the dual is the faster, but not with far more rows than columns.
    dual = len(features) < 10 * features.shape[1]
    svm = LinearSVC(C=cost, dual=dual, tol=1e-2, max_iter=10_000, random_state=seed)
    return svm.fit(features, labels)
