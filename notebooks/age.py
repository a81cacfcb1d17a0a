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
# # AGE: a game of two networks
#
# Trains AGE (Ulyanov, Vedaldi, Lempitsky 2018, arXiv:1704.02304) on the digits that ship with
# scikit-learn, looks at what it learned, and then takes its step apart. It runs on a CPU, a GPU or a
# TPU; in Colab, choose a TPU or GPU runtime and run the next cell, which leaves Colab's JAX as it is.

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
# A config is data; overrides are dotted keys and are checked like the command's flags. The same call
# continues a run that was interrupted.

# %%
import tempfile

from jaxgen import experiment
from jaxgen.commands.compile_cache import enable_compilation_cache

enable_compilation_cache()
config = experiment.load_config(
    "configs/age_digits.py" + (":smoke" if SMOKE else ""),
    **({} if SMOKE else {"num_steps": 1500}),
)
workdir = os.path.join(tempfile.mkdtemp(), "age_digits")
state = experiment.run(config, workdir)

# %% [markdown]
# ## Look
# Samples of the prior, reconstructions (original, reconstruction, original, ...), and walks along the
# sphere between two real images.

# %%
from pathlib import Path

from IPython.display import Image, display

images = Path(workdir) / "images"
for kind in ("samples", "reconstructions", "interpolations"):
    print(kind)
    display(Image(filename=str(sorted(images.glob(f"{kind}_*.png"))[-1])))

# %% [markdown]
# ## Take it with you
# `restore` needs the folder alone. The objective's functions are pure: bind the static `spec`, and
# they can be jitted, vmapped or put under your own loop.

# %%
import functools

import jax.numpy as jnp

from jaxgen.pictures import grids

exp, state = experiment.restore(workdir)
age = exp.objective
draw = jax.jit(functools.partial(age.sample, exp.spec), static_argnums=2)
samples = draw(state, jax.random.key(1), 16)
print(samples.shape, float(jnp.min(samples)), float(jnp.max(samples)))

step = jax.jit(functools.partial(age.train_step, exp.spec))
batch = {"image": jnp.zeros(exp.example_batch["image"].shape)}
_, metrics = step(state, batch, jax.random.key(2))
{name: float(value) for name, value in metrics.items()}

# %% [markdown]
# Codes of generated images lie on the unit sphere; the encoder keeps them apart from those of real
# ones, the generator pulls them together.

# %%
codes = age.encode(exp.spec, state, samples)
print("norms:", jnp.linalg.norm(codes, axis=1).round(3))
Path(workdir, "mine.png").parent.mkdir(exist_ok=True)
grids.save_png(Path(workdir) / "mine.png", grids.grid(samples, columns=8))
display(Image(filename=os.path.join(workdir, "mine.png")))
