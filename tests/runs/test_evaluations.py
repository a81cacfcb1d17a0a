"""What `--mode=evaluate` gathers, on an objective made for the purpose."""

import types

import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen import evaluation

pytestmark = pytest.mark.core


@pytest.mark.parametrize(("num_images", "used"), [(1000, 40), (16, 16), (1, 8)])
def test_figures_of_batches_do_not_depend_on_the_order_of_classes(num_images, used):
    """A folder is sorted by class; a batch of one class has other moments than the data."""
    shades = np.repeat(np.array([0, 85, 170, 255], np.uint8), 10)
    held_out = types.SimpleNamespace(
        image=np.broadcast_to(shades[:, None, None, None], (40, 2, 2, 1)), label=None
    )

    def evaluate(spec, state, batch, key):
        each = jnp.mean(batch["image"], axis=(1, 2, 3))
        return {"mean": jnp.mean(each), "var": jnp.var(each)}

    experiment = types.SimpleNamespace(
        objective=types.SimpleNamespace(evaluate=evaluate),
        spec=None,
        config=types.SimpleNamespace(
            data=types.SimpleNamespace(batch_size=8),
            evaluation=types.SimpleNamespace(num_images=num_images),
        ),
        example_batch={"image": None},
    )
    figures = evaluation._objective_figures(experiment, None, held_out)
    expected = np.repeat([-1.0, -1 / 3, 1 / 3, 1.0], 10)
    assert figures["objective/n_real"] == used
    assert figures["objective/mean"] == pytest.approx(expected.mean(), abs=1e-6)
    assert figures["objective/var"] == pytest.approx(expected.var(), rel=1e-5)
