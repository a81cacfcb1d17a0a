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
# # PixelGAN autoencoders
#
# Trains a small PixelGAN autoencoder (Makhzani and Frey 2017, arXiv:1706.00531) on the digits that ship
# with scikit-learn: a PixelCNN decoder, and a categorical code that an adversary keeps to a uniform
# prior. Nobody tells it the classes. It runs on a CPU, a GPU or a TPU; in Colab, the next cell leaves
# Colab's JAX as it is.

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
# Each minibatch takes one update of each phase: reconstruction, the adversary, the encoder against it.
# `encoder/usage_entropy` in the log falls when clusters are lost, `encoder/assignment_entropy` when the
# encoder becomes certain.

# %%
import tempfile
from pathlib import Path

from IPython.display import Image, display

from jaxgen import experiment
from jaxgen.commands.compile_cache import enable_compilation_cache

enable_compilation_cache()
config = experiment.load_config(
    "configs/pixelgan_ae_digits_clustering.py" + (":smoke" if SMOKE else "")
)
workdir = Path(tempfile.mkdtemp()) / "pixelgan"
state = experiment.run(config, workdir)

# %% [markdown]
# ## Look
# Samples: a column for each cluster, drawn pixel by pixel in one compiled program.

# %%
display(Image(filename=str(sorted((workdir / "images").glob("samples_*.png"))[-1])))

# %% [markdown]
# ## Clusters
# The paper names a cluster by the one image that it is most confident of. Beside its error stand those of a
# majority vote and of the best one-to-one naming, and those of k-means on the pixels.

# %%
from jaxgen.commands.evaluate import evaluate

metrics = evaluate(workdir, names=["kmeans"])
{name: value for name, value in metrics.items() if name.startswith(("clustering/", "kmeans/"))}

# %% [markdown]
# ## Complete an image
# The lower half of held-out digits, drawn again. The cluster is drawn too, from those that go with the
# upper half: nothing has seen the answer. In a shell: `--mode=complete`.

# %%
from jaxgen.commands.complete import complete

complete(workdir, num=8, out=workdir / "completed.png")
display(Image(filename=str(workdir / "completed.png")))
