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
# # AEGAN: images and latents, one the other's code
#
# Trains AEGAN (Lazarou 2020, arXiv:2004.05472) on the digits that ship with scikit-learn: a generator
# and an encoder that undo one another, each with a discriminator. Then the models inside it, of which
# each has one of its faults. It runs on a CPU, a GPU or a TPU; in Colab, choose a TPU or GPU runtime and
# run the next cell, which leaves Colab's JAX as it is.

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
# ## Train
# A training step is a block of the paper's algorithm: updates of the image discriminator by real,
# generated, real and reconstructed images, of the latent discriminator likewise, then of generator and
# encoder together. Compiling so many updates takes about a minute on a CPU.

# %%
import tempfile
from pathlib import Path

from IPython.display import Image, display

from jaxgen import experiment
from jaxgen.commands.compile_cache import enable_compilation_cache

enable_compilation_cache()
folder = Path(tempfile.mkdtemp())
ending, changes = (",smoke", {"hparams.blocks": False}) if SMOKE else ("", {})
config = experiment.load_config(f"configs/aegan_digits.py:aegan{ending}", **changes)
state = experiment.run(config, str(folder / "aegan"))


def show(run, *kinds):
    for kind in kinds:
        print(run, kind)
        display(Image(filename=str(sorted((folder / run / "images").glob(f"{kind}_*.png"))[-1])))


show("aegan", "samples", "reconstructions", "interpolations")

# %% [markdown]
# ## A bijection?
# Images are rebuilt from their codes, and latents are found again in the images made of them. Codes of
# images should have the distribution of latents: a discriminator that tells them apart no better than by
# chance has an area under its curve of 0.5.

# %%
from jaxgen.commands import evaluate

metrics = evaluate.evaluate(str(folder / "aegan"))
for name in ("image_l1", "latent_l2", "latent_auc"):
    print(f"{name:12}", round(metrics[f"objective/{name}"], 3))

# %% [markdown]
# ## Between two images of yours
# The walk between the codes of two images, here of two that the generator made. The command does the
# same with image files, also as a film: `jaxgen interpolate --workdir=DIR --start=A --end=B --path=line --out=x.gif`.

# %%
import functools

import jax.numpy as jnp

from jaxgen.pictures import grids

exp, state = experiment.restore(str(folder / "aegan"))
aegan = exp.objective
encode = jax.jit(functools.partial(aegan.encode, exp.spec))
decode = jax.jit(functools.partial(aegan.decode, exp.spec))
draw = jax.jit(functools.partial(aegan.sample, exp.spec), static_argnums=2)
pair = draw(state, jax.random.key(3), 2)  # put two images f32[2,h,w,c] in [-1,1] of your own here
start, end = encode(state, pair)
weights = jnp.linspace(0.0, 1.0, 7)[:, None]
walk = decode(state, (1 - weights) * start + weights * end)
grids.save_png(folder / "walk.png", grids.grid(walk, columns=7))
display(Image(filename=str(folder / "walk.png")))

# %% [markdown]
# ## The models inside
# The same networks with a part of the objective: `:gan`, whose samples may collapse and which has no
# code of an image, `:aae`, `:ae`, `:egan`. All of them side by side, seed by seed:
# `jaxgen study --config=configs/studies/aegan.py`.

# %%
part = experiment.load_config(f"configs/aegan_digits.py:gan{ending}", **changes)
experiment.run(part, str(folder / "gan"))
show("gan", "samples")
