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
# # Colorization: a gray photograph in color
#
# Trains a conditional GAN (pix2pix; Isola, Zhu, Zhou, Efros 2017, arXiv:1611.07004) on two photographs
# that ship with scikit-learn, colors a photograph of yours, and measures the colors beside those that
# need no model. It runs on a CPU, a GPU or a TPU; in Colab, choose a TPU or GPU runtime and run the
# next cell, which leaves Colab's JAX as it is.

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
# The objective is the config's argument: `:gan` (the default), `:lsgan`, `:ebgan`, `:wgan`, `:wgan_gp`,
# or regression alone, `:l1` and `:l2`. For photographs of yours take `configs/colorization_folder.py`
# with `**{"data.name": "PATH"}`. Held out are the right quarters of both photographs: in the pictures
# gray, colored, and true, row by row.

# %%
import tempfile
from pathlib import Path

from IPython.display import Image, display

from jaxgen import experiment
from jaxgen.commands.compile_cache import enable_compilation_cache

enable_compilation_cache()
config = experiment.load_config("configs/colorization_photos.py" + (":smoke" if SMOKE else ""))
workdir = os.path.join(tempfile.mkdtemp(), "colors")
state = experiment.run(config, workdir)
display(Image(filename=str(sorted(Path(workdir, "images").glob("colorized_*.png"))[-1])))

# %% [markdown]
# ## Color a photograph
# Name a file of yours (in Colab: upload it with the folder symbol at the left), in color or gray; with
# none, it is one of the two. Its lightness stays as it is to the last pixel; only the colors are the
# network's. It saw windows of 64 pixels of photographs of 427, so it is shown windows of that scale.

# %%
PHOTO = ""  # the path of a photograph

import numpy as np
import PIL.Image
from sklearn.datasets import load_sample_image

from jaxgen.data import images
from jaxgen.runs import colorizing

exp, state = experiment.restore(workdir)
# Upright, and whatever its mode, which Pillow's own `convert` does not see to.
photo = np.asarray(images.decode(PHOTO, PHOTO, 3) if PHOTO else load_sample_image("china.jpg"))
gray = np.asarray(PIL.Image.fromarray(photo).convert("L").convert("RGB"))
side = config.data.image_size if SMOKE else max(config.data.image_size, min(427, *photo.shape[:2]))
colored = colorizing.colorize(exp, state, gray, side=side)
row = PIL.Image.fromarray(np.concatenate([gray, colored, photo], axis=1))
row.thumbnail((2400, 2400))  # a phone's would be 100 MB in the notebook
display(row)

# %% [markdown]
# ## How good is it?
# Gray images score well by PSNR; by the error of the colors, and by how colorful they are, a model must
# improve on what the training images' median color tells of a lightness.

# %%
from jaxgen.commands import evaluate

metrics = evaluate.evaluate(workdir)
for name in ("color", "color_gray", "color_median_given_lightness", "color_truth"):
    shown = {
        k: round(metrics[f"{name}/{k}"], 3) for k in ("ab_l1", "ab_auc", "colorfulness", "psnr")
    }
    print(f"{name:32}", shown)
