"""AGE's and PyTorch's DCGAN's published networks, their weights read from PyTorch's state dicts."""

import jax
import jax.numpy as jnp
import networks
import numpy as np
import pytest
import torch_twins

from jaxgen import models
from jaxgen.core import UserError
from jaxgen.models import torch_files, torch_weights

pytestmark = pytest.mark.core


def ours(name, inputs):
    """(network, shapes of its variables, inputs of jaxgen) for inputs of torch."""
    family, _, kind = name.partition(".")
    network = getattr(getattr(models, family), kind)(**torch_twins.NETWORKS[name][0])
    image = inputs.shape[2] > 1
    inputs = inputs.transpose(0, 2, 3, 1) if image else inputs[:, :, 0, 0]
    return network, networks.structure(network, inputs), jnp.asarray(inputs)


def filled(name, variables, tensors):
    family = name.partition(".")[0]
    return getattr(torch_weights, family)(variables, tensors)


def assert_computes(name, tensors, inputs, outputs):
    network, variables, x = ours(name, inputs)
    variables = filled(name, variables, tensors)
    assert jax.tree.map(np.shape, variables) == jax.tree.map(np.shape, ours(name, inputs)[1])
    found = network.apply(variables, x, train=False)
    expected = outputs.transpose(0, 2, 3, 1).reshape(found.shape)
    # Far from saturation and constants, where other weights would do as well.
    assert 0.05 < np.std(expected) < 5
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", torch_twins.NETWORKS)
def test_network_gives_what_torch_gave(name):
    assert_computes(name, *torch_twins.stored(name))


@pytest.mark.parametrize("name", torch_twins.NETWORKS)
@pytest.mark.parametrize("how", ["zip", "before_zip", "module"])
def test_network_gives_what_torch_gives(name, how, tmp_path):
    pytest.importorskip("torch")
    network, inputs = torch_twins.twin(name), torch_twins.given(name)
    options = {"_use_new_zipfile_serialization": False} if how == "before_zip" else {}
    what = network if how == "module" else network.state_dict()
    path = tmp_path / "network.pth"
    path.write_bytes(torch_twins.saved(what, **options))
    assert_computes(name, torch_files.load(path), inputs, torch_twins.outputs(network, inputs))


@pytest.mark.parametrize(
    ("name", "change", "text"),
    [
        ("age.Encoder64", {"main.11.bias": None}, "missing: main.11.bias"),
        ("age.Generator32", {"main.13.weight": (1,)}, "unexpected: main.13.weight"),
        (
            "dcgan.Generator",
            {"main.0.weight": (4, 4, 4, 4)},
            "4] instead of [5, 4, 4, 4]",
        ),
        ("dcgan.Discriminator", {"main.8.weight": (1, 8, 3, 3)}, "instead of [1, 8, 4, 4]"),
    ],
)
def test_other_weights_are_refused_in_one_sentence(name, change, text):
    tensors, inputs, _ = torch_twins.stored(name)
    for key, shape in change.items():
        tensors.pop(key, None)
        if shape is not None:
            tensors[key] = np.zeros(shape, np.float32)
    with pytest.raises(UserError) as error:
        filled(name, ours(name, inputs)[1], tensors)
    assert text in str(error.value)
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)


def test_other_networks_are_refused():
    tensors, _, _ = torch_twins.stored("dcgan.Generator")
    for network, shape in ((models.age.Generator16(), (1, 5)), (models.mlp.Generator(), (1, 5))):
        variables = networks.structure(network, jnp.zeros(shape))
        with pytest.raises(UserError, match=r"none of PyTorch's DCGAN; give .*dcgan\.Generator"):
            torch_weights.dcgan(variables, tensors)
    for fields in ({"kernel_size": 5}, {"batch_norm": False}):
        network = models.dcgan.Generator(**torch_twins.NETWORKS["dcgan.Generator"][0] | fields)
        variables = networks.structure(network, jnp.zeros((1, 5)))
        with pytest.raises(UserError, match=r"The weights do not fit the network, as PyTorch's"):
            torch_weights.dcgan(variables, tensors)
