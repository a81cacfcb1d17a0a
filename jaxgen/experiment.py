"""From a config to a trained state: the names that scripts and notebooks rely on.

config = load_config("configs/age_celeba.py:smoke", **{"hparams.image_weight": 5.0})
state = run(config, "runs/mine")
experiment, state = restore("runs/mine")
"""

from jaxgen.config.build import Experiment, build
from jaxgen.config.load import load_config
from jaxgen.runs.restore import restore
from jaxgen.runs.training import run

__all__ = ["Experiment", "build", "load_config", "restore", "run"]
