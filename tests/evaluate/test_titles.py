"""Titles of the metrics in reports."""

import numpy as np
import pytest

from jaxgen import evaluate
from jaxgen.evaluate import clustering, linear_probe, parzen

pytestmark = pytest.mark.core

TITLED = [
    module
    for module in (getattr(evaluate, name) for name in evaluate.__all__)
    if hasattr(module, "TITLES")
]


def test_a_name_has_one_title():
    assert len(TITLED) > 10
    titles = {}
    for module in TITLED:
        for name, (title, meaning) in module.TITLES.items():
            assert title[0].isupper() or title.startswith(("k-means", "MS-SSIM"))
            assert meaning == meaning.strip().removesuffix(".")
            assert titles.setdefault(name, (title, meaning)) == (title, meaning)


def test_groups_are_titled_in_full():
    labels = np.arange(20) % 2
    images = np.random.default_rng(0).uniform(-1, 1, (20, 4, 4, 1))
    certain = np.eye(2)[labels]
    groups = {
        ("clustering", clustering): clustering.clustering_errors(certain, labels, certain, labels),
        ("kmeans", clustering): clustering.kmeans_errors(images, images, labels, images, labels, 2),
        ("labelled", clustering): clustering.classification_error(certain, labels),
        ("probe", linear_probe): linear_probe.linear_probe(
            lambda x: [x], images, labels, images, labels
        ),
        ("parzen", parzen): parzen.parzen_estimate(images, images, images),
    }
    for (group, module), metrics in groups.items():
        names = {f"{group}/{name}" for name in metrics if not name.startswith("n_")}
        assert names <= module.TITLES.keys()
