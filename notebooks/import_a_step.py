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
# # A step of jaxgen in a loop of yours
#
# Nothing of jaxgen but an objective: your Flax networks, your optax chains, your data and your loop,
# around the training step of AGE (Ulyanov, Vedaldi, Lempitsky 2018, arXiv:1704.02304). It runs on a CPU,
# a GPU or a TPU; in Colab, choose a TPU or GPU runtime and run the next cell, which leaves Colab's JAX as
# it is.

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
# ## Networks, optimisers, data
# A network is any Flax module that is called with `train`; which there must be says `age.NETWORKS`. Codes
# of AGE lie on the unit sphere, where the objective puts them.

# %%
import functools

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
import optax
from sklearn.datasets import load_digits

from jaxgen import Spec
from jaxgen.objectives import age


class Encoder(nn.Module):
    @nn.compact
    def __call__(self, image, *, train):
        x = nn.gelu(nn.Dense(256)(image.reshape(image.shape[0], -1)))
        return nn.Dense(10)(nn.gelu(nn.Dense(256)(x)))


class Generator(nn.Module):
    @nn.compact
    def __call__(self, code, *, train):
        x = nn.gelu(nn.LayerNorm()(nn.Dense(256)(code)))
        x = nn.gelu(nn.LayerNorm()(nn.Dense(256)(x)))
        return jnp.tanh(nn.Dense(64)(x)).reshape(-1, 8, 8, 1)


steps = 20 if SMOKE else 3000
rate = optax.cosine_decay_schedule(5e-4, steps)
chain = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(rate, b1=0.5))
spec = Spec(
    nets={"encoder": Encoder(), "generator": Generator()},
    tx=dict.fromkeys(age.NETWORKS, chain),
    hparams=age.Hparams(latent_size=10, margin=1.0, latent_weight=78.0),
)
images = np.float32(load_digits().images[..., None] / 8.0 - 1.0)  # f32[1797,8,8,1] in [-1,1]

# %% [markdown]
# ## The loop
# The step is a pure function of state, batch and key. The key is the same in every step: all draws are
# functions of it, of `state.step` and of what they are for. Networks, chain and loop are some thirty lines.

# %%
state = age.create_state(spec, jax.random.key(0), {"image": images[:1]})
step = jax.jit(functools.partial(age.train_step, spec), donate_argnums=0)
random = np.random.default_rng(0)
for number in range(steps):
    batch = {"image": images[random.integers(len(images), size=64)]}
    state, metrics = step(state, batch, jax.random.key(1))
    if number % (steps // 5) == 0:
        shown = ("encoder/image", "encoder/kl_fake", "encoder/kl_real", "generator/latent_cosine")
        print(number, {name: round(float(metrics[name]), 3) for name in shown})

# %% [markdown]
# ## The game
# `age.turns(spec.hparams)` is the game as data: who moves, on which loss, how often, in which order. Where
# updates have batches of their own (`fresh`; a WGAN's critic), a step takes several batches at once, as one
# of so many times the images.

# %%
from jaxgen.core.step import batches_per_step

turns = age.turns(spec.hparams)
print([(turn.networks, turn.updates) for turn in turns], "batches a step:", batches_per_step(turns))

# %% [markdown]
# ## What it learned
# The other functions of the objective are as pure: `sample`, `encode`, `decode`, `reconstruct`.

# %%
from IPython.display import display
from PIL import Image

samples = age.sample(spec, state, jax.random.key(2), 32)
batch = {"image": images[:32]}
rebuilt = age.reconstruct(spec, state, batch, jax.random.key(3))
print("mean absolute error of reconstructions:", float(jnp.abs(rebuilt - images[:32]).mean()))
rows = [np.concatenate(list(x[..., 0]), axis=1) for x in (images[:32], rebuilt, samples)]
sheet = Image.fromarray(np.uint8(np.clip(np.concatenate(rows) * 127.5 + 127.5, 0, 255)))
display(sheet.resize((sheet.width * 4, sheet.height * 4), Image.Resampling.NEAREST))
