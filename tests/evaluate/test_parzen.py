import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.evaluate import parzen
from jaxgen.evaluate.parzen import SIGMAS, parzen_estimate, parzen_log_likelihood

pytestmark = pytest.mark.core


def test_one_kernel_at_the_query():
    point = np.array([[3.0, 4.0]])
    assert parzen_log_likelihood(point, point, 0.5)[0] == pytest.approx(-0.4516, abs=5e-5)


def test_equals_the_density_of_the_mixture(monkeypatch):
    monkeypatch.setattr(parzen, "_ROWS", 4)
    rng = np.random.default_rng(0)
    samples, points, sigma = rng.normal(size=(20, 3)) + 9, rng.normal(size=(11, 3)) + 9, 0.4
    density = [
        np.mean(
            [
                np.prod(np.exp(-((x - s) ** 2) / (2 * sigma**2)) / np.sqrt(2 * np.pi * sigma**2))
                for s in samples
            ]
        )
        for x in points
    ]
    found = parzen_log_likelihood(samples, points, sigma)
    np.testing.assert_allclose(found, np.log(density), rtol=1e-10)


def test_far_points_do_not_underflow():
    found = parzen_log_likelihood(np.zeros((2, 784)), np.full((1, 784), 1.0), 0.1)
    expected = -784 / 0.02 - 392 * np.log(2 * np.pi * 0.01)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_protocol():
    rng = np.random.default_rng(1)
    image = lambda n: rng.normal(0.5, 0.15, (n, 2, 2, 1))  # noqa: E731, on the scale [0,1]
    samples, validation, test = image(200), image(50), image(60)
    found = parzen_estimate(*(2 * x - 1 for x in (samples, validation, test)))
    flat = lambda x: x.reshape(len(x), -1)  # noqa: E731
    means = [parzen_log_likelihood(flat(samples), flat(validation), s).mean() for s in SIGMAS]
    sigma = SIGMAS[int(np.argmax(means))]
    nats = parzen_log_likelihood(flat(samples), flat(test), sigma)
    assert found == {
        "obsolete_parzen_nats": pytest.approx(nats.mean()),
        "obsolete_parzen_standard_error": pytest.approx(nats.std(ddof=1) / np.sqrt(60)),
        "obsolete_parzen_sigma": sigma,
        "n_fake": 200,
        "n_real": 60,
        "n_choosing": 50,
    }


def test_deviations_are_those_of_2014():
    np.testing.assert_allclose(SIGMAS, 10 ** (-1 + np.arange(10) / 9))


def test_bytes_and_floats_are_the_same_pixels():
    x = np.random.default_rng(2).integers(0, 256, (9, 4, 4, 1), np.uint8)
    as_floats = parzen_estimate(*(z / 127.5 - 1 for z in (x[:4], x[4:6], x[6:])))
    assert parzen_estimate(x[:4], x[4:6], x[6:]) == pytest.approx(as_floats)


def test_refuses_too_few_and_other_widths():
    x = np.zeros((3, 2, 2, 1))
    with pytest.raises(UserError, match="got 3, 0 and 3"):
        parzen_estimate(x, x[:0], x)
    with pytest.raises(UserError, match="2 of 3 images"):
        parzen_estimate(np.where(np.arange(3)[:, None, None, None] > 0, np.nan, x), x, x)
    with pytest.raises(ValueError, match=r"f\[N,d\]"):
        parzen_log_likelihood(np.zeros((3, 2)), np.zeros((3, 4)), 0.1)
