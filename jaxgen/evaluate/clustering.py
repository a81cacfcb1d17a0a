"""Agreement with the classes of categories that were found without labels, or with few.

The protocol of A. Makhzani, J. Shlens, N. Jaitly, I. Goodfellow, B. Frey, "Adversarial
Autoencoders", 2015, arXiv:1511.05644, section 6, and of A. Makhzani, B. Frey, "PixelGAN
Autoencoders", NeurIPS 2017, arXiv:1706.00531: a cluster is named by the one validation image that
it is most confident of, so K labels are used in all. Beside it two usual ones, of other strictness,
that must not be confused with it.
"""

from typing import Any

import numpy as np

from jaxgen.core.errors import UserError
from jaxgen.evaluate.checks import require_finite

_TITLES = {
    "cluster_error": ("clustering error", "named by the most confident image; lower is better"),
    "cluster_error_majority": ("clustering error, majority", "lower is better"),
    "cluster_error_matched": ("clustering error, matched", "one class a cluster; lower is better"),
    "clusters": ("clusters", ""),
    "clusters_used": ("clusters used", "by any test image"),
    "cluster_usage_entropy": ("entropy of cluster usage", "nats; log of the clusters where even"),
    "n_naming": ("clustering, images that name clusters", ""),
    "named_by": ("clusters named by", ""),
    "n_test": ("clustering, test images", ""),
}
TITLES = {
    **{f"clustering/{k}": (title.capitalize(), good) for k, (title, good) in _TITLES.items()},
    **{f"kmeans/{k}": (f"k-means, {title}", good) for k, (title, good) in _TITLES.items()},
    "labelled/error": ("Classification error", "share of test images; lower is better"),
    "labelled/labels": ("Labels trained with", ""),
    "labelled/n_test": ("Classification, test images", ""),
}


def log_odds(logits: np.ndarray) -> np.ndarray:
    """The log-odds log q_k / (1 - q_k) f64[n,K] of logits f[n,K]; 0 of a single category.

    It tells confident images apart whose probabilities round to 1.
    """
    logits = np.asarray(logits, np.float64)
    odds = 0.0 * logits  # NaN stays what it is
    for k in range(logits.shape[1] if logits.shape[1] > 1 else 0):
        others = np.delete(logits, k, axis=1)
        most = others.max(axis=1)
        odds[:, k] = logits[:, k] - most - np.log(np.exp(others - most[:, None]).sum(axis=1))
    return odds


def clustering_errors(
    naming: np.ndarray,
    naming_labels: np.ndarray,
    test: np.ndarray,
    test_labels: np.ndarray,
) -> dict[str, Any]:
    """Errors in [0,1] of the test images, each in the cluster where its score is highest.

    naming, test: scores f[n,K], how confident a cluster is of an image, such as `log_odds`; labels
    i[n], 0 or more. The papers name clusters by validation images. Returns

    - "cluster_error": the papers'; a cluster has the label of its most confident naming image;
    - "cluster_error_majority": ... the commonest label of the naming images in it;
    - "cluster_error_matched": the best naming of the test set itself that gives no two clusters one
      label (Hungarian): clusters beyond the number of classes are wrong altogether;
    - "clusters", "clusters_used" (by any test image), "cluster_usage_entropy" (nats, of the
      clusters' shares of the test images: log K where even), "n_naming", "n_test".

    Raises UserError for scores that are not finite.
    """
    naming, test = _checked(naming, naming_labels), _checked(test, test_labels)
    if naming.shape[1] != test.shape[1]:
        raise ValueError(f"Need one K; got {naming.shape[1]} and {test.shape[1]} clusters.")
    naming_labels, test_labels = np.asarray(naming_labels), np.asarray(test_labels)
    found = test.argmax(axis=1)
    exemplars = exemplar_names(naming, naming_labels)
    majority = majority_names(naming, naming_labels)
    share = np.bincount(found, minlength=test.shape[1]) / len(found)
    used = share[share > 0]
    return {
        "cluster_error": float(np.mean(exemplars[found] != test_labels)),
        "cluster_error_majority": float(np.mean(majority[found] != test_labels)),
        "cluster_error_matched": matched_error(found, test_labels),
        "clusters": test.shape[1],
        "clusters_used": len(used),
        "cluster_usage_entropy": float(-np.sum(used * np.log(used))),
        "n_naming": len(naming),
        "n_test": len(test),
    }


def exemplar_names(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """i[K]: for each cluster the label of the image with the highest of its scores f[n,K].

    The first one of equals. A cluster that no image is assigned to has a name as well.
    """
    return np.asarray(labels)[np.asarray(scores).argmax(axis=0)]


def majority_names(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """i[K]: for each cluster the commonest label of the images in it; of equals the smallest.

    A cluster without images is named by its exemplar.
    """
    names, labels = exemplar_names(scores, labels), np.asarray(labels)
    found = np.asarray(scores).argmax(axis=1)
    for cluster in np.unique(found):
        names[cluster] = np.bincount(labels[found == cluster]).argmax()
    return names


def matched_error(clusters: np.ndarray, labels: np.ndarray) -> float:
    """Least share of images i[n] wrong under any one-to-one naming of clusters i[n] by labels."""
    from scipy.optimize import linear_sum_assignment  # takes a second to import

    counts = np.zeros((int(np.max(clusters)) + 1, int(np.max(labels)) + 1), np.int64)
    np.add.at(counts, (np.asarray(clusters), np.asarray(labels)), 1)
    rows, columns = linear_sum_assignment(counts, maximize=True)
    return float(1.0 - counts[rows, columns].sum() / len(labels))


def kmeans_errors(
    train: np.ndarray,
    naming: np.ndarray,
    naming_labels: np.ndarray,
    test: np.ndarray,
    test_labels: np.ndarray,
    clusters: int,
    seed: int = 0,
) -> dict[str, Any]:
    """`clustering_errors` of k-means on the pixels of images [n,...]: what must be improved on.

    Fitted to `train`, the best of ten starts; a cluster is most confident of the images nearest to
    its centre.
    """
    from sklearn.cluster import KMeans  # takes a second to import

    flat = [np.reshape(x, (len(x), -1)).astype(np.float32) for x in (train, naming, test)]
    if len(flat[0]) < clusters:
        raise UserError(f"k-means with {clusters} clusters needs as many images; got {len(train)}.")
    model = KMeans(clusters, random_state=seed).set_params(n_init=10).fit(flat[0])
    near, near_test = (-model.transform(x) for x in flat[1:])
    return clustering_errors(near, naming_labels, near_test, test_labels)


def classification_error(scores: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Error of categories that are the classes, as after training with labels.

    scores: f[n,K], of an image's class the highest; labels i[n]. Returns "error" in [0,1] and
    "n_test". Raises UserError for scores that are not finite.
    """
    found = _checked(scores, labels).argmax(axis=1)
    return {"error": float(np.mean(found != np.asarray(labels))), "n_test": len(found)}


def _checked(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    scores = np.asarray(scores)
    if scores.ndim != 2 or len(scores) != len(labels) or not len(labels):
        raise UserError(
            "Clustering errors need assignments [n,K] and as many labels, at least one; got "
            f"{list(scores.shape)} and {len(labels)}."
        )
    require_finite(scores, "assignments")
    return scores
