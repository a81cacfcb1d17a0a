"""Classes that codes tell apart: the accuracy of a linear classifier of them."""

import numpy as np

TITLES = {
    "codes/linear_accuracy": (
        "Linear classifier on codes",
        "share of held-out images that are classified right; higher is better",
    )
}


def linear_accuracy(
    train_codes: np.ndarray, train_labels: np.ndarray, codes: np.ndarray, labels: np.ndarray
) -> float | None:
    """Share in [0,1] of codes f[n,m], labels i[n], that a logistic regression classifies right.

    It is fitted to `train_codes` f[k,m]. None if these are of one class only: nothing to tell
    apart, and no metric.
    """
    if len(np.unique(train_labels)) < 2:
        return None
    from sklearn.linear_model import LogisticRegression  # takes a second to import
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    classifier.fit(np.asarray(train_codes, np.float64), np.asarray(train_labels))
    return float(classifier.score(np.asarray(codes, np.float64), np.asarray(labels)))
