"""Records of earlier versions are read with the names that keys have now."""

import copy
import json

import numpy as np
import pytest

from jaxgen.config import load
from jaxgen.config.upgrade import upgrade
from jaxgen.core import UserError
from jaxgen.core.files import unflatten

# configs/gan_mnist.py, and of data another name, as commit c144e4d recorded it.
RECORD = {
    "checkpoint_best": "",
    "checkpoint_best_mode": "min",
    "checkpoint_every": 500,
    "checkpoint_keep": 2,
    "data.batch_size": 100,
    "data.cache_dir": "",
    "data.channels": 1,
    "data.classes": "0,1",
    "data.crop_padding": 0,
    "data.data_dir": "",
    "data.flip": False,
    "data.image_size": 28,
    "data.labelled": 0,
    "data.name": "tfds:mnist",
    "data.resident": "auto",
    "data.resize": "bilinear",
    "data.validation": 0,
    "ema": {},
    "evaluation.num_images": 2000,
    "hparams.discriminator_updates": 1,
    "hparams.form": "non_saturating",
    "hparams.generator_updates": 1,
    "hparams.latent_prior": "uniform_unit",
    "hparams.latent_size": 100,
    "hparams.order": "simultaneous",
    "hparams.real_label": 1.0,
    "init_from": "",
    "log_every": 50,
    "networks.discriminator.depth": 2,
    "networks.discriminator.features": 240,
    "networks.discriminator.hidden_dropout": 0.5,
    "networks.discriminator.init_range": 0.005,
    "networks.discriminator.input_dropout": 0.2,
    "networks.discriminator.module": "mlp.MaxoutDiscriminator",
    "networks.discriminator.pieces": 5,
    "networks.generator.activation": "relu",
    "networks.generator.batch_norm": False,
    "networks.generator.channels": 1,
    "networks.generator.classes": 0,
    "networks.generator.depth": 2,
    "networks.generator.features": 1200,
    "networks.generator.image_size": 28,
    "networks.generator.init_range": 0.05,
    "networks.generator.module": "mlp.Generator",
    "networks.generator.output": "sigmoid",
    "num_steps": 150000,
    "objective": "gan",
    "optim.discriminator.divide_by": 1.000004,
    "optim.discriminator.final_momentum": 0.7,
    "optim.discriminator.learning_rate": 0.1,
    "optim.discriminator.least": 1e-06,
    "optim.discriminator.momentum": 0.5,
    "optim.discriminator.name": "momentum",
    "optim.discriminator.ramp_steps": 150000,
    "optim.generator.divide_by": 1.000004,
    "optim.generator.final_momentum": 0.7,
    "optim.generator.learning_rate": 0.1,
    "optim.generator.least": 1e-06,
    "optim.generator.momentum": 0.5,
    "optim.generator.name": "momentum",
    "optim.generator.ramp_steps": 150000,
    "precision": "float32",
    "sample_every": 500,
    "seed": 0,
    "steps_per_dispatch": 1,
}
# What that config said then and no longer says.
THEN = {
    "num_steps": 150_000,
    "data.validation": 0,
    "optim.discriminator.learning_rate": 0.1,
    "optim.discriminator.ramp_steps": 150_000,
    "optim.discriminator.schedule.end_value": 1e-6,
    "optim.generator.ramp_steps": 150_000,
}


def test_a_whole_record():
    expected = load.load_config("configs/gan_mnist.py", **THEN, **{"data.keep_classes": "0,1"})
    record = json.loads(json.dumps(unflatten(RECORD)))
    before = copy.deepcopy(record)
    assert load.from_json(record) == expected
    assert record == before


def test_a_record_without_the_keys_that_came_later():
    later = ("checkpoint_best", "checkpoint_best_mode", "data.classes", "data.validation")
    record = {key: value for key, value in RECORD.items() if key not in later}
    assert load.from_json(unflatten(record)) == load.load_config("configs/gan_mnist.py", **THEN)


RENAMED = {
    "data": ({"data.classes": "3"}, {"data.keep_classes": "3"}),
    "age": ({"objective": "age", "hparams.prior": "sphere"}, {"hparams.latent_prior": "sphere"}),
    "dotted": (
        {"objective": "jaxgen.objectives.age", "hparams.prior": "normal"},
        {"hparams.latent_prior": "normal"},
    ),
    "aae": (
        {"objective": "aae_semisupervised", "hparams.num_categories": 20},
        {"hparams.num_classes": 20},
    ),
    "binarised": ({"hparams.binarise": True}, {"hparams.binarise": "threshold"}),
    "not binarised": ({"hparams.binarise": False}, {"hparams.binarise": "none"}),
    "binarised by draws": ({"hparams.binarise": "sample"}, {}),
    "encoder": (
        {"networks.encoder": {"module": "autoencoder.ConvEncoder", "outputs": 3}},
        {"networks.encoder": {"module": "autoencoder.ConvEncoder", "output_size": 3}},
    ),
    "generator": (
        {"networks.g": {"module": "dcgan.ConditionalGenerator", "classes": 3, "output": "tanh"}},
        {
            "networks.g": {
                "module": "dcgan.ConditionalGenerator",
                "num_classes": 3,
                "output_activation": "tanh",
            }
        },
    ),
    "autoencoder": (
        {"networks.d": {"module": "jaxgen.models.ebgan.Discriminator", "output": "tanh"}},
        {
            "networks.d": {
                "module": "jaxgen.models.ebgan.Discriminator",
                "output_activation": "tanh",
            }
        },
    ),
    "pixels in [-1,1]": (
        {"networks.d": {"module": "mlp.ConditionalDiscriminator", "features": 8}},
        {
            "networks.d": {
                "module": "mlp.ConditionalDiscriminator",
                "features": 8,
                "unit_pixels": False,
            }
        },
    ),
    "pixels in [-1,1], by a whole path": (
        {"networks.d": {"module": "jaxgen.models.dcgan.ConditionalDiscriminator"}},
        {
            "networks.d": {
                "module": "jaxgen.models.dcgan.ConditionalDiscriminator",
                "unit_pixels": False,
            }
        },
    ),
    "pixels in [0,1]": (
        {"networks.d": {"module": "dcgan.ConditionalDiscriminator", "unit_pixels": True}},
        {},
    ),
    "discriminators that always saw [-1,1]": (
        {"networks.d": {"module": "dcgan.Discriminator"}, "networks.e": {"module": "my.own.D"}},
        {},
    ),
    "a distribution is no activation": (
        {"networks.decoder": {"module": "pixelcnn.PixelCNN", "output": "bernoulli"}},
        {},
    ),
    "networks of one's own": (
        {"networks.g": {"module": "my.own.Net", "outputs": 3, "classes": 3, "output": "tanh"}},
        {},
    ),
    "numbers of another objective": ({"objective": "mine.too", "hparams.prior": "x"}, {}),
    "optimiser": (
        {"optim.g": {"name": "adam", "b1": 0.5, "drop_at": (1, 2), "drop_factor": 0.1}},
        {
            "optim.g": {
                "name": "adam",
                "b1": 0.5,
                "schedule": {"name": "piecewise", "boundaries": (1, 2), "scale": 0.1},
            }
        },
    ),
    "by phase": (
        {"optim.g": {"one": {"name": "sgd", "drop_at": ()}, "two": {"name": "sgd"}}},
        {
            "optim.g": {
                "one": {"name": "sgd", "schedule": {"name": "constant"}},
                "two": {"name": "sgd"},
            }
        },
    ),
    "a direction that neighbours never had": (
        {"hparams.divergence": "nearest_neighbour", "hparams.kl_direction": "pq"},
        {"hparams": {"divergence": "nearest_neighbour", "kl_direction": "qp"}},
    ),
    "momentum alone": (
        {"optim.g": {"name": "momentum", "momentum": 0.5, "ramp_steps": 9}},
        {"optim.g": {"name": "momentum", "momentum": 0.5, "final_momentum": 0.5, "ramp_steps": 9}},
    ),
}


@pytest.mark.parametrize(("old", "changed"), RENAMED.values(), ids=RENAMED)
def test_renamed_keys(old, changed):
    """`changed`: the keys that are not as before, under their new names; {} if all are."""
    empty = {"objective": "gan", "hparams": {}, "data": {}, "networks": {}, "optim": {}}
    given = {**empty, **unflatten(old)}
    before = copy.deepcopy(given)
    new = {**before, **unflatten(changed)}
    assert upgrade(given) == new
    assert given == before
    assert upgrade(new) == new


@pytest.mark.parametrize(
    "name",
    [
        "configs/aae_digits.py:semisupervised",
        "configs/pixelcnn_mnist.py",
        "configs/gan_mnist.py",
        "configs/cgan_mnist.py",
    ],
)
def test_what_is_of_today_stays(name):
    values = load.load_config(name).to_dict()
    assert upgrade(values) == values


def test_schedules_that_multiplied_each_other_are_refused():
    record = {**RECORD, "optim.generator.drop_at": [100]}
    with pytest.raises(
        UserError, match="combines drop_at, divide_by, least, which no one schedule"
    ):
        load.from_json(unflatten(record))


def test_studies():
    old = {
        "experiments": ["configs/gans_digits.py:gan"],
        "seeds": 2,
        "data": {"name": "", "num_classes": 0, "image_size": 28},
    }
    config = load.study_from_json(old)
    assert config.experiments == ("configs/gans_digits.py:gan",)
    assert (config.data.image_size, config.data.channels, config.evaluations) == (28, 0, 5)
    assert config.is_locked


@pytest.mark.parametrize("argument", ["", "dcgan"])
def test_a_conditional_pair_of_before_stays_the_function_it_was(argument):
    """Its discriminator saw images in [-1,1], and its latents were recorded."""
    config = load.load_config(f"configs/cgan_mnist.py:{argument}")
    record = load.to_json(config)
    assert record["hparams"]["latent_prior"]
    assert record["networks"]["discriminator"].pop("unit_pixels") is True
    assert load.from_json(record).networks.discriminator.unit_pixels is False
    assert load.from_json(load.to_json(config)) == config


def test_an_average_that_kept_nothing_is_still_one():
    """When 0.0 was a decay as any other; now it is none."""
    recorded = {"objective": "gan", "ema": {"generator": 0.0}}
    decay = upgrade(recorded)["ema"]["generator"]
    assert decay > 0
    assert np.float32(1.0 - decay) == 1
    assert upgrade({**recorded, "evaluate_every": 0})["ema"] == {"generator": 0.0}
    assert upgrade({**recorded, "ema": {"generator": 0.9}})["ema"] == {"generator": 0.9}
