"""The static half: what goes together, and the same with its batch laid out differently."""

import optax
import pytest

from jaxgen.core import Layout, Spec

pytestmark = pytest.mark.core

NETS = {"encoder": object(), "generator": object()}
SGD = optax.sgd(0.1)


def test_every_network_has_an_optimiser():
    with pytest.raises(ValueError, match=r"^Spec\.tx has no optimiser for: generator\.$"):
        Spec(nets=NETS, tx={"encoder": SGD}, hparams=None)


@pytest.mark.parametrize("field", ["tx", "ema"])
def test_a_network_that_is_not_there_is_told_with_the_nearest(field):
    parts = {"tx": dict.fromkeys(NETS, SGD), "ema": {"generator": 0.9}}
    parts[field] = parts[field] | {"encodr": parts[field]["generator"]}
    message = rf'^Spec\.{field} names "encodr", but the networks are encoder, generator\. Did you '
    with pytest.raises(ValueError, match=message + 'mean "encoder"'):
        Spec(nets=NETS, hparams=None, **parts)


def test_on_another_layout_all_else_is_the_same():
    spec = Spec(nets=NETS, tx=dict.fromkeys(NETS, SGD), hparams=3, ema={"generator": 0.9})
    assert spec.layout == Layout()
    moved = spec.on(Layout("data"))
    assert moved.layout == Layout("data")
    assert spec.layout == Layout()
    assert (moved.nets, moved.tx, moved.hparams, moved.ema) == (NETS, spec.tx, 3, spec.ema)
