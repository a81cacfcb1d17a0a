"""What is wrong with a config before anything is read."""

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
