"""Configs from files, with arguments and overrides, and their records."""

import ast
import importlib
import inspect
import json
import re
import subprocess
import sys
import typing

import ml_collections
import pytest

from jaxgen.config import complete, load
from jaxgen.core import UserError
from jaxgen.core.files import flatten

CONFIGS = load.known_configs()


def variants(name):
    """The config with none and with each of its words."""
    for word in ["", *load.arguments(name)]:
        if word != "labels_only" or ("aae_digits" not in name and "aae_mnist.py" not in name):
            yield f"{name}:{word}"


@pytest.mark.parametrize("name", CONFIGS)
def test_every_config_is_complete_and_so_is_its_record(name):
    for variant in variants(name):
        config = load.load_config(variant)
        assert config.is_locked
        assert load.finish(config, {}) == config
        study = "experiments" in config
        fill = complete.fill_study if study else complete.fill
        assert fill(config.to_dict()) == config.to_dict()
        record = json.loads(json.dumps(load.to_json(config)))
        assert (load.study_from_json if study else load.from_json)(record) == config


@pytest.mark.parametrize("name", CONFIGS)
def test_every_config_can_be_made_small(name):
    config = load.load_config(f"{name}:smoke")
    if "experiments" in config:
        assert all(path.endswith("smoke") for path in config.experiments)
        return
    assert config.num_steps == 4
    assert config.data.batch_size == 8
    own = load.load_config(name)
    colorizer = "colorization" in config.objective
    allowed = ("photos",) if colorizer else ("digits", "ring", "grid", "stacked:digits")
    assert config.data.name in allowed
    small = {"colorization": 16, "age_colorization": 16, "cyclegan": 8}
    assert config.data.image_size == small.get(config.objective, own.data.image_size)
    assert config.data.channels == own.data.channels
    assert all(network.get("features", 4) == 4 for network in config.networks.values())


@pytest.mark.parametrize("name", CONFIGS)
def test_docstrings_name_the_command_and_every_argument(name, repository):
    text = ast.get_docstring(ast.parse((repository / name).read_text())) or ""
    assert f"--config={name}" in text
    listed = re.findall(r"\w+", text.partition("Arguments")[2])
    if listed:
        assert [word for word in load.arguments(name) if word not in listed] == []


def test_no_config_needs_jax(repository):
    program = (
        "import sys\n"
        "from jaxgen.config import load\n"
        "for name in load.known_configs():\n"
        "    load.load_config(name)\n"
        "print([m for m in ('jax', 'numpy', 'flax', 'optax') if m in sys.modules])\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=repository, capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


def test_arguments():
    assert load.arguments("configs/lsgan_lsun.py") == ["64", "112", "chi_square", "smoke"]
    assert load.arguments("configs/dcgan_mnist.py:smoke") == ["smoke"]
    assert load.arguments("configs/studies/pixelgan_figure2.py") == ["mnist", "smoke"]


def test_several_words():
    config = load.load_config("configs/lsgan_lsun.py:64,chi_square,64")
    assert (config.data.image_size, config.hparams.a) == (64, -1.0)
    study = load.load_config("configs/studies/gan_objectives.py:wgan,gan,ring")
    assert study.experiments == ("configs/gans_ring.py:gan", "configs/gans_ring.py:wgan")
    config = load.load_config("configs/age_digits.py:latent_only,generator_image")
    assert (config.hparams.image_weight, config.hparams.latent_weight) == (0.0, 125.0)


SIZES = {
    "image size": ("configs/lsgan_folder.py", {"data.image_size": 128}),
    "image size of a PixelCNN": ("configs/pixelcnn_digits.py", {"data.image_size": 128}),
    "of a mixture": ("configs/pixelgan_ae_digits_clustering.py", {"data.image_size": 128}),
}


@pytest.mark.parametrize(("name", "overrides"), SIZES.values(), ids=SIZES)
def test_one_override_of_the_images_size(name, overrides):
    flat = flatten(load.load(name, overrides).to_dict())
    sizes = {key: value for key, value in flat.items() if key.endswith(".image_size")}
    assert set(sizes.values()) == {128}
    assert len(sizes) > 1


def test_one_override_of_channels():
    name = "configs/pixelgan_ae_mnist_clustering.py"
    flat = flatten(load.load_config(name, **{"data.channels": 3}).to_dict())
    channels = {key: value for key, value in flat.items() if key.endswith(".channels")}
    assert channels == dict.fromkeys(
        ("data.channels", "hparams.channels", "networks.decoder.channels"), 3
    )


def test_one_override_of_the_data(tmp_path):
    for i in range(20):
        (tmp_path / f"class{i}").mkdir()
        (tmp_path / f"class{i}" / "a.png").touch()
    config = load.load_config("configs/gans_digits.py:cgan", **{"data.name": str(tmp_path)})
    assert config.hparams.num_classes == 20
    assert config.networks.generator.num_classes == config.networks.discriminator.num_classes == 20


@pytest.mark.parametrize(
    ("name", "overrides", "size"),
    [
        ("configs/pixelgan_ae_digits_clustering.py", {"hparams.code_size": 7}, 7),
        ("configs/pixelgan_ae_digits_gaussian.py", {"hparams.code_size": 7}, 7),
        ("configs/pixelgan_ae_digits_gaussian.py:gaussian_posterior", {"hparams.code_size": 7}, 14),
        (
            "configs/aae_digits.py:clustering",
            {"hparams.num_classes": 7, "hparams.style_size": 2},
            9,
        ),
        ("configs/aae_digits.py:supervised", {"hparams.code_size": 3}, 3),
    ],
)
def test_the_encoder_follows_the_code(name, overrides, size):
    assert load.load(name, overrides).networks.encoder.output_size == size


def test_overrides_may_complete_each_other():
    for keys in (("data.name", "data.image_size"), ("data.image_size", "data.name")):
        values = {"data.name": "./images", "data.image_size": 16}
        config = load.load("configs/dcgan_mnist.py", {key: values[key] for key in keys})
        assert (config.data.channels, config.networks.generator.image_size) == (3, 16)


def test_an_override_of_what_an_optimiser_is_takes_the_place_of_what_the_file_says():
    name, key = "configs/age_cifar10.py", "optim.encoder"
    config = load.load_config(name, **{f"{key}.schedule.name": "constant"})
    assert config.optim.encoder.schedule.to_dict() == {"name": "constant"}
    assert config.optim.encoder.b1 == 0.5
    config = load.load(
        name,
        {f"{key}.name": "momentum", f"{key}.momentum": 0.5, f"{key}.schedule.scale": 0.1},
    )
    assert (config.optim.encoder.momentum, config.optim.encoder.schedule.scale) == (0.5, 0.1)
    with pytest.raises(UserError, match=r'"b1" is not a key of config.optim.encoder'):
        load.load(name, {f"{key}.b1": 0.9, f"{key}.name": "sgd"})


def test_another_network():
    config = load.load(
        "configs/gans_ring.py:gan",
        {"networks.discriminator.module": "mlp.Discriminator", "networks.discriminator.depth": 5},
    )
    assert config.networks.discriminator.depth == 5


def test_text_and_values():
    texts = {
        "data.flip": "true",
        "num_steps": "8",
        "optim.encoder.schedule.boundaries": "(1, 2)",
        "optim.encoder.learning_rate": "1",
    }
    values = {
        "data.flip": True,
        "num_steps": 8,
        "optim.encoder.schedule.boundaries": [1, 2],
        "optim.encoder.learning_rate": 1,
    }
    name = "configs/age_cifar10.py"
    assert load.load(name, texts, as_text=True) == load.load(name, values)
    config = load.load_config(name)
    assert load.parse(config, "num_steps", "8") == 8
    assert load.parse(config, "data.name", "8") == "8"
    assert load.parse(config, "data.flip", "false") is False


def test_override_changes_one_key_of_a_complete_config():
    config = load.load_config("configs/age_digits.py")
    new = load.override(config, "evaluation.num_images", 7)
    assert new.is_locked
    before, after = flatten(config.to_dict()), flatten(new.to_dict())
    assert {key: after[key] for key in after if after[key] != before[key]} == {
        "evaluation.num_images": 7
    }
    with pytest.raises(UserError, match="must be at least 2"):
        load.override(config, "evaluation.num_images", 0)


def test_finish_leaves_what_it_is_given():
    config = load.read("configs/aae_digits.py")
    before = config.to_dict()
    load.finish(config, {"hparams.num_classes": 3})
    assert config.to_dict() == before


AGE = "configs/age_cifar10.py"
MISTAKES = {
    "a file": ("configs/age_digit.py", {}, 'Did you mean "configs/age_digits.py"?'),
    "a word": (f"{AGE}:smok", {}, '"smok" is not an argument of this config; it takes: no_reconst'),
    "a word that is near": (f"{AGE}:latent_onyl", {}, 'Did you mean "latent_only"?'),
    "two values": ("configs/gans_ring.py:gan,wgan", {}, "gan and wgan are two values of objective"),
    "labels only": (
        "configs/aae_digits.py:labels_only",
        {},
        "labels_only goes with semisupervised",
    ),
    "a key": (
        AGE,
        {"num_stepz": "8"},
        '"num_stepz" is not a key of config. Did you mean "num_steps',
    ),
    "an inner key": (
        AGE,
        {"optim.encodr.b1": "0"},
        '"encodr" is not a key of config.optim. Did you mean "encoder"? Keys: encoder, generator.',
    ),
    "deeper": (
        AGE,
        {"learning_rate": "1e-4"},
        '"learning_rate" is not a key of config. Did you mean optim.encoder.learning_rate or '
        "optim.generator.learning_rate?",
    ),
    "below a value": (AGE, {"seed.x": "0"}, '"x" is not a key of config.seed. Keys: none.'),
    "a group": (AGE, {"optim": "3"}, "config.optim is a group of keys, to be set one by one: enc"),
    "a word for a number": (
        AGE,
        {"num_steps": "abc"},
        "config.num_steps='abc' is of type str; it must be of type int, like its value 117150.",
    ),
    "a fraction": (AGE, {"num_steps": "1e3"}, "=1000.0 is of type float; it must be of type int"),
    "a word for a bool": (AGE, {"data.flip": "maybe"}, "must be of type bool"),
    "a number for a bool": (AGE, {"data.flip": "1"}, "must be of type bool"),
    "a word for a tuple": (
        AGE,
        {"optim.encoder.schedule.boundaries": "(1,x)"},
        "of type tuple",
    ),
    "zero steps": (AGE, {"num_steps": "0"}, "config.num_steps=0 must be at least 1"),
    "uneven steps": (
        AGE,
        {"num_steps": "7", "steps_per_dispatch": "2"},
        "must be a multiple of config.steps_per_dispatch=2",
    ),
    "no pixels": (AGE, {"data.image_size": "0"}, "config.data.image_size=0 must be at least 1"),
    "objective": (AGE, {"objective": "agee"}, 'Did you mean "age"?'),
    "network": (
        AGE,
        {"networks.encoder.module": "age.Encoder17"},
        'config.networks.encoder.module="age.Encoder17" not found',
    ),
    "data": (AGE, {"data.name": "digit"}, 'did you mean "digits"?'),
    "no size": (
        "configs/dcgan_mnist.py",
        {"data.name": "./images"},
        'config.data lacks: image_size, which the data set "./images" does not tell; set config.d',
    ),
    "study": ("configs/studies/gan_objectives.py", {"seeds": "0"}, "config.seeds=0 must be at le"),
}


@pytest.mark.parametrize(("name", "overrides", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(name, overrides, message):
    with pytest.raises(UserError, match=re.escape(message)) as error:
        load.load(name, overrides, as_text=True)
    assert str(error.value).endswith((".", "?"))


FILES = {
    "no function": ("x = 3", "is no config: it has no function get_config"),
    "no config": ("def get_config(): return 3", "must return an ml_collections.ConfigDict"),
    "nothing": ("from ml_collections import ConfigDict as get_config", "config lacks: objective"),
    "its own mistake": ("def get_config(): raise ValueError('two of it')", "mine.py: two of it"),
    "a study without smoke": (
        "from configs.studies import pixelgan_figure2\nget_config = lambda: "
        "pixelgan_figure2.get_config()",
        "a study takes smoke only as a parameter",
    ),
}


@pytest.mark.parametrize(("text", "message"), FILES.values(), ids=FILES)
def test_files_that_are_no_config(text, message, tmp_path):
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(UserError, match=re.escape(message)):
        load.load_config(f"{tmp_path}/mine.py{':smoke' * ('smoke' in message)}")
    (tmp_path / "mine.txt").write_text(text)
    with pytest.raises(UserError, match="it must be a Python file"):
        load.load_config(f"{tmp_path}/mine.txt")


MINE = """
from configs import age_digits

def get_config(quick: bool = False):
    config = age_digits.get_config()
    config.seed = 7
    if quick:
        from configs import common
        config.optim.encoder = common.adam(1.0)
    return config

def smoke(config):
    config.log_every = 4
"""


def test_a_config_of_ones_own_builds_on_those_of_jaxgen(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    config = load.load_config(f"{tmp_path}/mine.py:quick,smoke")
    assert (config.seed, config.optim.encoder.learning_rate) == (7, 1.0)
    assert (config.num_steps, config.log_every) == (4, 4)


def test_a_folder_of_ones_own_comes_first(tmp_path, monkeypatch):
    """Also for what is imported, where it has it; and the rest of the program is left alone."""
    folder = tmp_path / "configs"
    folder.mkdir()
    (folder / "shared.py").write_text("SEED = 9")
    (folder / "gan_mnist.py").write_text(
        "from configs import dcgan_mnist, shared\n"
        "def get_config():\n"
        "    config = dcgan_mnist.get_config()\n"
        "    config.seed = shared.SEED\n"
        "    return config\n"
    )
    path, modules = list(sys.path), set(sys.modules)
    assert load.load_config("configs/gan_mnist.py").seed == 0
    monkeypatch.chdir(tmp_path)
    assert load.load_config("configs/gan_mnist.py").seed == 9
    assert load.load_config("configs/age_digits.py").objective == "age"
    assert path == sys.path
    assert not [n for n in set(sys.modules) - modules if n.startswith("configs")]


def test_configs_state_their_parameters_by_annotation(repository):
    """So that the loader knows every word."""
    for name in CONFIGS:
        module = importlib.import_module(name.removesuffix(".py").replace("/", "."))
        words = load.arguments(str(repository / name))
        for parameter in inspect.signature(module.get_config).parameters.values():
            if parameter.annotation is bool:
                assert parameter.name in words, name
                continue
            choices = typing.get_args(parameter.annotation)
            if typing.get_origin(parameter.annotation) is tuple:
                choices = typing.get_args(choices[0])
            assert choices, name
            assert {str(choice) for choice in choices} < set(words), name


def test_records_hold_plain_data_only():
    config = ml_collections.ConfigDict({"x": object()})
    with pytest.raises(UserError, match="values must be numbers, strings, booleans, tuples or"):
        load.to_json(config)


FAILING = {
    "an import": (
        "\nimport not_installed_here",
        r"line 2: ModuleNotFoundError: No module named 'not",
    ),
    "its grammar": ("def get_config(:", "line 1: SyntaxError: invalid syntax"),
    "a name": ("def get_config():\n    return nothing", "line 2: NameError: name 'nothing' is not"),
    "a library": ("import json\njson.loads(3)", "line 2: TypeError: the JSON object must be str"),
}


@pytest.mark.parametrize(("text", "message"), FAILING.values(), ids=FAILING)
def test_a_config_that_fails_is_told_with_its_line(text, message, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(text)
    with pytest.raises(UserError, match=rf"^The config {file} fails \({file}, {message}"):
        load.load_config(str(file))
