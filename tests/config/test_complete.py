"""What a config does not say: defaults, and facts that settle it."""

import copy
import re

import numpy as np
import pytest

from jaxgen.config import complete
from jaxgen.core import UserError


def game(objective="cgan", module="dcgan", **sections):
    adam = {"name": "adam", "learning_rate": 1e-3}
    return {
        "objective": objective,
        "num_steps": 4,
        "networks": {
            "generator": {"module": f"{module}.Generator"},
            "discriminator": {"module": f"{module}.Discriminator"},
        },
        "optim": {"generator": adam, "discriminator": adam},
        **sections,
    }


def filled(*arguments, **sections):
    values = complete.fill(game(*arguments, **sections))
    complete.check(values)
    return values


def refused(given, message):
    with pytest.raises(UserError, match=re.escape(message)):
        complete.check(complete.fill(given))


def test_defaults_of_schema_hparams_networks_and_optimisers():
    values = filled("gan")
    assert values["log_every"] == 50
    assert values["data"]["batch_size"] == 64
    assert values["evaluation"] == {"num_images": 2000}
    assert values["hparams"]["form"] == "non_saturating"
    assert values["networks"]["discriminator"]["features"] == 64
    assert values["optim"]["generator"] == {
        "name": "adam",
        "learning_rate": 1e-3,
        "weight_decay": 0.0,
        "clip_norm": 0.0,
        "clip_parameter_norm": 0.0,
        "b1": 0.9,
        "b2": 0.999,
        "eps": 1e-8,
        "schedule": {"name": "constant"},
    }
    assert values["ema"] == {"generator": 0.0, "discriminator": 0.0}


def ensemble(hparams=None, **data):
    adam = {"name": "adam", "learning_rate": 1e-3}
    given = {
        "objective": "temporal_ensembling",
        "num_steps": 4,
        "networks": {"classifier": {"module": "temporal_ensembling.Classifier"}},
        "optim": {"classifier": adam},
        "data": data,
        "hparams": hparams or {},
    }
    values = complete.fill(given)
    complete.check(values)
    return values["hparams"]["num_images"], values["networks"]["classifier"]["num_classes"]


def test_the_number_of_images_is_that_of_the_data_without_those_held_out(tmp_path):
    assert ensemble(name="digits") == (1498, 10)
    assert ensemble(name="digits", validation=299) == (1199, 10)
    assert ensemble(name="tfds:svhn_cropped") == (73_257, 10)
    assert ensemble({"num_images": 5}, name="digits", validation=299) == (5, 10)
    folder = {"name": str(tmp_path), "image_size": 8, "channels": 1}
    assert ensemble(**folder)[0] == 0
    assert ensemble({"num_images": 70}, **folder)[0] == 70


def test_a_complete_config_stays_as_it_is():
    values = filled(data={"name": "tfds:cifar10"}, ema={"generator": 0.9})
    assert complete.fill(values) == values
    assert complete.fill(copy.deepcopy(values)) == values


def test_what_is_given_is_not_changed():
    given = game(data={"name": "tfds:cifar10"})
    before = copy.deepcopy(given)
    complete.fill(given)
    assert given == before


@pytest.mark.parametrize(
    ("data", "size", "channels", "classes"),
    [
        ({"name": "tfds:cifar10"}, 32, 3, 10),
        ({"name": "digits"}, 8, 1, 10),
        ({}, 8, 1, 10),
        ({"name": "ring"}, 1, 2, 8),
        ({"name": "stacked:tfds:mnist"}, 28, 3, 1000),
        ({"name": "tfds:mnist", "keep_classes": "3,5"}, 28, 1, 2),
        ({"name": "tfds:mnist", "image_size": 32, "channels": 3}, 32, 3, 10),
        ({"name": "tfds:unheard_of", "image_size": 16}, 16, 3, 10),
        ({"name": "./nowhere", "image_size": 16, "channels": 1}, 16, 1, 10),
    ],
)
def test_sizes_follow_the_data(data, size, channels, classes):
    values = filled(data=data)
    generator, discriminator = values["networks"]["generator"], values["networks"]["discriminator"]
    assert (values["data"]["image_size"], values["data"]["channels"]) == (size, channels)
    assert (generator["image_size"], generator["channels"]) == (size, channels)
    assert values["hparams"]["num_classes"] == classes
    assert (generator["num_classes"], discriminator["num_classes"]) == (classes, classes)


def test_classes_are_those_of_a_folder_or_an_archive(tmp_path):
    for i in range(20):
        (tmp_path / f"class{i}").mkdir()
        (tmp_path / f"class{i}" / "a.PNG").touch()
    (tmp_path / "empty").mkdir()  # is none
    (tmp_path / "empty" / "above").symlink_to(tmp_path / "empty")
    (tmp_path.parent / "elsewhere").mkdir(exist_ok=True)
    (tmp_path.parent / "elsewhere" / "b.jpeg").touch()
    (tmp_path / "class0" / "a.PNG").unlink()
    (tmp_path / "class0" / "linked").symlink_to(tmp_path.parent / "elsewhere")
    data = {"name": str(tmp_path), "image_size": 16}
    assert filled(data=data)["networks"]["generator"]["num_classes"] == 20
    (tmp_path / "stray.png").touch()  # so there are no labels
    assert filled(data=data)["networks"]["generator"]["num_classes"] == 10  # the default
    np.savez(tmp_path / "x.npz", image=np.zeros((5, 8, 8), np.uint8), label=np.arange(5))
    data = {"name": str(tmp_path / "x.npz"), "image_size": 8}
    assert filled(data=data)["hparams"]["num_classes"] == 5


def test_what_is_given_wins_over_facts():
    given = game(data={"name": "digits"}, hparams={"num_classes": 3})
    given["networks"]["generator"]["num_classes"] = 4
    values = complete.fill(given)
    assert values["networks"]["generator"]["num_classes"] == 4
    assert values["networks"]["discriminator"]["num_classes"] == 3


def test_networks_that_could_be_told_classes_are_not_where_the_objective_has_none():
    assert filled("gan")["networks"]["generator"]["num_classes"] == 0


def pixelcnn(**sections):
    decoder = {"decoder": {"module": "pixelcnn.PixelCNN"}}
    optim = {"decoder": {"name": "sgd", "learning_rate": 1.0}}
    given = {"objective": "pixelcnn", "num_steps": 4, "networks": decoder, "optim": optim}
    return {**given, **sections}


def test_classes_by_request():
    """The default of a PixelCNN is no classes; None asks for those of the data."""
    values = complete.fill(pixelcnn())
    assert values["hparams"]["num_classes"] == 0
    values = complete.fill(pixelcnn(hparams={"num_classes": None}, data={"name": "grid"}))
    assert values["hparams"]["num_classes"] == 25
    refused(
        pixelcnn(hparams={"num_classes": None}, data={"name": "tfds:unheard_of", "image_size": 8}),
        'config.hparams lacks: num_classes, which the data set "tfds:unheard_of" does not tell; '
        "set config.hparams.num_classes.",
    )


def test_the_decoder_has_the_objectives_output_and_sizes():
    values = complete.fill(pixelcnn(hparams={"output": "bernoulli"}, data={"name": "tfds:mnist"}))
    assert values["hparams"]["image_size"] == 28
    assert values["networks"]["decoder"]["output"] == "bernoulli"
    assert values["networks"]["decoder"]["channels"] == 1


def test_integers_and_lists_become_what_the_key_is():
    optim = {"name": "sgd", "learning_rate": 1, "schedule": {"name": "piecewise"}}
    optim["schedule"]["boundaries"] = [1, 2]
    values = filled(optim={"generator": optim, "discriminator": optim})
    rate = values["optim"]["generator"]["learning_rate"]
    assert (rate, type(rate)) == (1.0, float)
    assert values["optim"]["generator"]["schedule"]["boundaries"] == (1, 2)


ADAM = {"name": "adam", "learning_rate": 1.0}
MISTAKES = {
    "unknown key": ({"sed": 1}, '"sed" is not a key of config. Did you mean "seed"'),
    "unknown data key": ({"data": {"size": 1}}, '"size" is not a key of config.data.'),
    "unknown hparam": ({"hparams": {"latent": 1}}, '"latent" is not a key of config.hparams.'),
    "no steps": ({"num_steps": None}, "config lacks: num_steps; set config.num_steps"),
    "no objective": ({"objective": ""}, "config lacks: objective"),
    "type": ({"seed": "1"}, "config.seed='1' is of type str; it must be of type int."),
    "bool": ({"seed": True}, "config.seed=True is of type bool; it must be of type int."),
    "section": ({"data": "digits"}, "config.data='digits' must be a section of keys."),
    "choice": ({"precision": "flat32"}, '"flat32" is not one of float32, mixed. Did you mean'),
    "least": ({"data": {"batch_size": 0}}, "data.batch_size=0 must be at least 1 and below 2"),
    "large": ({"seed": 2**32}, "config.seed=4294967296 must be at least 0 and below 2"),
    "dispatch": ({"steps_per_dispatch": 3}, "config.num_steps=4 must be a multiple of "),
    "no size": (
        {"data": {"name": "./images"}},
        'config.data lacks: image_size, which the data set "./images" does not tell; set',
    ),
    "no classes": ({"data": {"name": "tfds:celeb_a", "image_size": 64}}, "hparams lacks: num_cl"),
    "networks": ({"networks": {}}, "config.networks lacks: generator, discriminator."),
    "one network": ({"optim": {"generator": ADAM}}, "config.optim lacks: discriminator."),
    "other networks": ({"ema": {"critic": 0.9}}, '"critic" is not a key of config.ema. Keys: dis'),
    "ema": ({"ema": {"generator": 1.0}}, "config.ema.generator=1.0 must be 0 or more and b"),
    "no validation images": ({"evaluate_every": 100}, "set config.data.validation to their number"),
    "no evaluation": (
        {"checkpoint_best": "evaluation/frechet"},
        'config.checkpoint_best="evaluation/frechet" is of an evaluation; set config.evaluate_e',
    ),
    "evaluations between lines": (
        {"evaluate_every": 70, "data": {"validation": 9}},
        "config.evaluate_every=70 must be a multiple of config.log_every=50",
    ),
    "evaluations between checkpoints": (
        {
            "evaluate_every": 100,
            "data": {"validation": 9},
            "checkpoint_best": "evaluation/frechet",
        },
        "config.evaluate_every=100 must be a multiple of config.checkpoint_every=500",
    ),
    "no rate": (
        {"optim": {"generator": ADAM, "discriminator": {"name": "sgd"}}},
        "config.optim.discriminator lacks: learning_rate; set config.optim.discriminator.learning_",
    ),
    "phase": (
        {"optim": {"generator": ADAM, "discriminator": {"one": {**ADAM, "b3": 0.0}}}},
        '"b3" is not a key of config.optim.discriminator.one.',
    ),
    "infinite": (
        {"optim": {"generator": ADAM, "discriminator": {**ADAM, "b1": float("nan")}}},
        "config.optim.discriminator.b1=nan must be 0 or more and below 1.",
    ),
    "windows larger than images": (
        {"data": {"image_size": 16, "load_size": 15}},
        "config.data.load_size=15 must not be below config.data.image_size=16, the side of the ",
    ),
    "windows twice": (
        {"data": {"image_size": 16, "load_size": 18, "crop_padding": 1}},
        "config.data.load_size=18 and config.data.crop_padding=1 both cut windows at random; set ",
    ),
    "windows of points": (
        {"data": {"name": "ring", "load_size": 2}},
        'config.data.load_size=2 is for pictures, of which windows are cut, and the data set "ring"'
        " has points; set it to 0.",
    ),
    "windows of stacks": (
        {"data": {"name": "stacked:digits", "load_size": 9}},
        'and the data set "stacked:digits" has stacks of digits; set it to 0.',
    ),
    "gray images of gray ones": (
        {"data": {"channels": 1, "least_chroma": 2.0}},
        "data.least_chroma is 2, which leaves out gray images, and with data.channels=1 all of the",
    ),
    "gray points": (
        {"data": {"name": "ring", "least_chroma": 2.0}},
        'leaves out gray images, and the data set "ring" has points of the plane: set it to 0.',
    ),
    "beyond its range": (
        {"optim": {"generator": {**ADAM, "b2": 2.0}, "discriminator": ADAM}},
        "config.optim.generator.b2=2.0 must be 0 or more and below 1.",
    ),
}


@pytest.mark.parametrize(("sections", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(sections, message):
    refused({**game(), **sections}, message)


def test_a_field_without_a_default_must_be_given(tmp_path, monkeypatch):
    (tmp_path / "my_nets2").mkdir()
    (tmp_path / "my_nets2" / "nets.py").write_text(
        "from flax import linen as nn\n\nclass Net(nn.Module):\n    width: int\n    x: str = None\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    given = game()
    given["networks"]["generator"] = {"module": "my_nets2.nets.Net"}
    refused(given, "config.networks.generator lacks: width.")
    given["networks"]["generator"]["width"] = 3
    values = complete.fill(given)
    complete.check(values)
    assert values["networks"]["generator"] == {"module": "my_nets2.nets.Net", "width": 3, "x": None}


def test_studies():
    values = complete.fill_study({"experiments": ["configs/gans_ring.py"], "data": {"channels": 1}})
    complete.check_study(values)
    assert values["experiments"] == ("configs/gans_ring.py",)
    assert (values["seeds"], values["evaluations"]) == (3, 5)
    assert values["data"]["channels"] == 1
    assert values["networks"] == {"features": 0}
    assert complete.fill_study(values) == values
    with pytest.raises(UserError, match=r"config.experiments is empty"):
        complete.check_study(complete.fill_study({}))
    with pytest.raises(UserError, match=r'"num_classes" is not a key of config.data'):
        complete.fill_study({"data": {"num_classes": 3}})
    with pytest.raises(UserError, match=r"config.seeds=0 must be at least 1"):
        complete.check_study({**values, "seeds": 0})


def test_every_key_has_a_meaning():
    values = filled(ema={"generator": 0.9})
    meanings = complete.meanings(values)
    assert meanings["optim.generator.schedule.name"] == "how the learning rate changes"
    assert meanings["ema.generator"].startswith("decay of the average")
    assert all(meanings.values())
