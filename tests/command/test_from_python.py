"""The same from Python: load_config, build, restore."""

import logging
import os
import sys

import command_line
import jax
import pytest

from jaxgen import experiment
from jaxgen.core import UserError

SMOKE = "configs/age_digits.py:smoke"


@pytest.mark.core
def test_dotted_overrides():
    config = experiment.load_config(
        SMOKE,
        **{
            "hparams.image_weight": 5,
            "hparams.latent_size": 8,
            "optim.encoder.schedule.name": "piecewise",
            "optim.encoder.schedule.boundaries": [10, 20],
            "data.flip": True,
        },
    )
    assert type(config.hparams.image_weight) is float
    assert config.hparams.image_weight == 5.0
    # The encoder's own key follows.
    assert config.networks.encoder.latent_size == 8
    assert config.optim.encoder.schedule.boundaries == (10, 20)
    assert config.data.flip is True
    with pytest.raises(AttributeError, match="num_stepz"):
        config.num_stepz = 3


@pytest.mark.core
@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("num_stepz", 8, '"num_stepz" is not a key of config. Did you mean "num_steps"?'),
        ("optim.encodr.b1", 0.5, 'Did you mean "encoder"?'),
        ("num_steps", 8.0, "config.num_steps=8.0 is of type float; it must be of type int"),
        ("num_steps", "8", "is of type str; it must be of type int"),
        ("num_steps", True, "is of type bool; it must be of type int"),
        ("data.flip", 1, "is of type int; it must be of type bool"),
        ("optim", {}, "config.optim is a group of keys"),
    ],
)
def test_overrides_are_checked_like_flags(key, value, text):
    with pytest.raises(UserError) as error:
        experiment.load_config(SMOKE, **{key: value})
    assert text in str(error.value)


@pytest.mark.core
def test_what_build_makes():
    made = experiment.build(experiment.load_config(SMOKE, **{"hparams.generator_updates": 3}))
    assert made.objective.__name__ == "jaxgen.objectives.age"
    assert made.spec.hparams.generator_updates == 3
    # A batch for the encoder and, as the image term is the generator's too, one for each update.
    assert made.example_batch["image"].shape == ((1 + 3) * 8, 16, 16, 1)
    assert made.config.num_steps == 4


def _build_and_tell() -> None:
    opened, compiled = set(), []

    class Listener(logging.Handler):
        def emit(self, record):
            if "ompil" in record.getMessage():
                compiled.append(record.getMessage())

    sys.path.insert(0, str(command_line.ROOT))
    config = experiment.load_config(str(command_line.ROOT / SMOKE))
    logging.getLogger("jax").addHandler(Listener())
    jax.config.update("jax_log_compiles", True)
    sys.addaudithook(lambda event, args: opened.add(str(args[0])) if event == "open" else None)
    experiment.build(config)
    jax.config.update("jax_log_compiles", False)
    code = (".py", ".pyc", ".so", "METADATA", "entry_points.txt")
    data = [path for path in opened if os.path.isfile(path) and not path.endswith(code)]
    print([path for path in data if not path.startswith(("/proc/", "/sys/"))], compiled)


@pytest.mark.slow
def test_build_reads_no_data_and_compiles_nothing(tmp_path):
    result = command_line.fork(tmp_path, _build_and_tell)
    assert (result.code, result.out) == (0, "[] []\n"), result.err


@pytest.mark.slow
def test_restore_needs_no_config(reference):
    made, state = experiment.restore(reference.workdir)
    assert int(state.step) == 60
    assert made.config.num_steps == 60
    assert int(experiment.restore(reference.workdir, step=56)[1].step) == 56
    images = made.objective.sample(made.spec, state, jax.random.key(0), 2)
    assert images.shape == (2, 16, 16, 1)
    with pytest.raises(UserError, match="No checkpoint of step 7"):
        experiment.restore(reference.workdir, step=7)
