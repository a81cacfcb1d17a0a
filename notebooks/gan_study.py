# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A study of the GAN family
#
# Six objectives, one pair of networks, one data set: a ring of eight Gaussians, whose modes can be
# counted. Then one of the objectives by itself, on digits, and its step in your own loop. It runs on a
# CPU, a GPU or a TPU; in Colab, the next cell leaves Colab's JAX as it is.

# %%
REPOSITORY = ""  # address of jaxgen's repository; needed where no checkout is around

import importlib
import os
import pathlib
import subprocess
import sys
from importlib import metadata, util

found = util.find_spec("jaxgen")
if found is None or found.origin is None:  # a folder of that name alone is no package
    here = pathlib.Path.cwd()
    files = [f / "pyproject.toml" for f in (here, *here.parents, *sorted(here.iterdir()))]
    files = [f for f in files if os.path.isfile(f) and os.access(f, os.R_OK)]
    ours = [f for f in files if '\nname = "jaxgen"\n' in f.read_text(errors="ignore")]
    source = str(ours[0].parent) if ours else REPOSITORY and f"git+{REPOSITORY}"
    if not source:
        raise ModuleNotFoundError(
            "jaxgen is not installed: clone or upload its checkout to the folder of this notebook, "
            "or set REPOSITORY at the top of this cell, and run the cell again."
        )
    # JAX stays as it is: pip says so where that is not possible.
    kept = [f"{n}=={metadata.version(n)}" for n in ("jax", "jaxlib") if util.find_spec(n)]
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", source, *kept], check=True)
    importlib.invalidate_caches()

import jax

SMOKE = bool(os.environ.get("JAXGEN_SMOKE"))
print(jax.devices())
if jax.default_backend() == "cpu":
    print("Warning: only the CPU is there. In Colab: Runtime, Change runtime type.")

# %% [markdown]
# ## The study
# The command `python -m jaxgen.study --config=configs/studies/gan_objectives.py:ring` does the same.
# It continues where it was interrupted, and ends with a table, curves and pictures.

# %%
import tempfile
from pathlib import Path

from IPython.display import Image, Markdown, display

from jaxgen import experiment
from jaxgen.commands.compile_cache import enable_compilation_cache
from jaxgen.studies import run as study

enable_compilation_cache()
folder = Path(tempfile.mkdtemp())
words = "ring,gan,wgan_gp,smoke" if SMOKE else "ring"
overrides = {} if SMOKE else {"num_steps": 5000}
config = experiment.load_config(f"configs/studies/gan_objectives.py:{words}", **overrides)
study.run(config, folder / "study")
display(Markdown((folder / "study" / "study.md").read_text()))

# %% [markdown]
# ## One objective
# The configs that the study is made of are also experiments of their own: the argument names the
# objective. `generator/spread` in the log is the spread of the samples against that of the data; far
# below 1, the generator has collapsed.

# %%
config = experiment.load_config("configs/gans_digits.py:lsgan" + (",smoke" if SMOKE else ""))
state = experiment.run(config, folder / "lsgan")
images = folder / "lsgan" / "images"
for kind in ("samples", "walks"):
    print(kind)
    display(Image(filename=str(sorted(images.glob(f"{kind}_*.png"))[-1])))

# %% [markdown]
# ## A step in your own loop
# An objective is a module of pure functions. Its step takes arrays and returns arrays, so it can be
# jitted, put under `vmap` for many seeds, or called with other losses in between.

# %%
import functools

import jax.numpy as jnp

exp, state = experiment.restore(folder / "lsgan")
step = jax.jit(functools.partial(exp.objective.train_step, exp.spec))
batch = {name: jnp.zeros(like.shape, like.dtype) for name, like in exp.example_batch.items()}
_, metrics = step(state, batch, jax.random.key(0))
{name: round(float(value), 4) for name, value in metrics.items()}

# %%
states = jax.vmap(exp.create_state)(jax.random.split(jax.random.key(1), 2))
keys = jax.random.split(jax.random.key(2), 2)
seeds = jax.jit(jax.vmap(functools.partial(exp.objective.train_step, exp.spec), (0, None, 0)))
_, metrics = seeds(states, batch, keys)
{name: value.round(4).tolist() for name, value in metrics.items()}
