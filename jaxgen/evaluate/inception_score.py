"""The score of T. Salimans et al., "Improved Techniques for Training GANs", NeurIPS 2016.

arXiv:1606.03498, section 4. It is an Inception score only if the probabilities are those of the
Inception network; with those of another classifier it is called "classifier_score".
"""

import numpy as np

from jaxgen.evaluate.checks import TooFewImages

TITLES = {
    "classifier_score": ("Classifier score", "the Inception score's formula; higher is better"),
    "classifier_score_std": ("Classifier score, deviation", "over splits"),
    "inception_score": ("Inception score", "higher is better"),
    "inception_score_std": ("Inception score, deviation", "over splits"),
}


def inception_score(
    probabilities: np.ndarray, *, splits: int = 10, seed: int = 0
) -> tuple[float, float]:
    """Mean and standard deviation over splits of exp(mean over x of KL(p(y|x) || p(y))).

    probabilities: p(y|x) f[n,k], rows of sum 1; p(y) is their mean within the split. Splits are
    random, of equal size or one row apart; at most n. Between 1 (all rows equal)
    and k (certain, and all classes equally often). Small splits pull it down, so values compare
    only at equal n and `splits`; it sees neither collapse within a class nor copies of training
    images.
    """
    p = np.asarray(probabilities, np.float64)
    if p.ndim != 2:
        raise ValueError(f"Probabilities must be f[n,k]; got shape {p.shape}.")
    if not len(p):
        raise TooFewImages("A classifier's score needs at least 1 image, but got none.")
    if not (np.all(p >= 0) and np.allclose(p.sum(axis=1), 1.0, atol=1e-3)):
        raise ValueError("Rows of probabilities must be 0 or more, and sum to 1.")
    # In a random order: images that are sorted by class would give splits of one class.
    p = p[np.random.default_rng(seed).permutation(len(p))]
    scores = [_score(part) for part in np.array_split(p, min(splits, len(p)))]
    return float(np.mean(scores)), float(np.std(scores))


def _score(p: np.ndarray) -> float:
    """Exponential of the entropy of the mean less the mean entropy: the same as the mean KL."""
    return float(np.exp(_entropy(p.mean(axis=0)) - np.mean(_entropy(p))))


def _entropy(p: np.ndarray) -> np.ndarray:
    """In nats over the last axis, 0 log 0 = 0."""
    return -np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=-1)
