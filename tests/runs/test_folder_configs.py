"""The configs for a folder of images: every size that their networks take, and a step on files."""

import functools

import jax
import numpy as np
import pytest
from PIL import Image

from jaxgen import experiment
from jaxgen.config import load
from jaxgen.core import UserError
from jaxgen.core.files import flatten
from jaxgen.runs import data

pytestmark = pytest.mark.usefixtures("quick_compilation")

CONFIGS = [name for name in load.known_configs() if name.endswith("_folder.py")]
DCGAN = ("dcgan.Generator", (14, 56, 128), {100: "64 or 112", 130: "128 or 224", 3: "8"})
# (the network that refuses other sizes, some that fit, {one that does not: the nearest that do}).
FAMILIES = {
    "configs/cgan_folder.py": DCGAN,
    "configs/dcgan_folder.py": DCGAN,
    "configs/ebgan_folder.py": ("dcgan.Generator", (8, 56, 128), {100: "64 or 112"}),
    "configs/lsgan_folder.py": ("lsgan.Generator", (16, 112, 128), {100: "96 or 112", 8: "16"}),
    "configs/wgan_folder.py": DCGAN,
    "configs/wgan_gp_folder.py": DCGAN,
}


def narrow(path, **values):
    """The experiment of a smoke run with these values of `data`."""
    features = {f"networks.{n}.features": 2 for n in load.load_config(path).networks}
    data_values = {f"data.{key}": value for key, value in values.items()}
    return experiment.build(load.load(f"{path}:smoke", {**features, **data_values}))


@pytest.mark.core
def test_every_config_for_folders_is_tested_here():
    others = ("age_folder", "colorization_folder", "cyclegan_folder")
    assert sorted([*FAMILIES, *(f"configs/{name}.py" for name in others)]) == CONFIGS


@pytest.mark.core
def test_translators_take_sizes_that_can_be_halved_twice():
    for side in (8, 20, 256):
        assert narrow("configs/cyclegan_folder.py", image_size=side)
    with pytest.raises(UserError, match=r"^cyclegan.Generator does not fit images of 18x18 pixels"):
        narrow("configs/cyclegan_folder.py", image_size=18)


@pytest.mark.core
def test_colorizers_take_sizes_that_can_be_halved():
    for side in (32, 64):
        assert narrow("configs/colorization_folder.py", image_size=side, load_size=side)
    with pytest.raises(UserError, match=r"^unet.Generator does not fit .* 48x48 .* 32 or 64\."):
        narrow("configs/colorization_folder.py", image_size=48, load_size=0)


@pytest.mark.core
@pytest.mark.parametrize("path", FAMILIES)
def test_one_key_sets_the_size_of_all_networks(path):
    _, sides, _ = FAMILIES[path]
    for side in sides:
        made = narrow(path, image_size=side)
        flat = flatten(made.config.to_dict())
        sizes = {value for key, value in flat.items() if key.endswith(".image_size")}
        assert sizes == {side}


@pytest.mark.core
@pytest.mark.parametrize("path", FAMILIES)
def test_other_sizes_are_refused_with_the_nearest_that_fit(path):
    network, _, nearest = FAMILIES[path]
    for side, found in nearest.items():
        with pytest.raises(UserError) as error:
            narrow(path, image_size=side)
        message = str(error.value)
        assert message.startswith(f"{network} does not fit images of {side}x{side} pixels: ")
        assert message.endswith(f"; choose {found}.")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three classes of 27 pictures of several sizes and formats."""
    root, rng = tmp_path_factory.mktemp("folder") / "images", np.random.default_rng(0)
    for number in range(3):
        (root / f"class{number}").mkdir(parents=True)
        for i in range(27):
            height, width = rng.integers(10, 40, 2)
            shape = (height, width, 3) if i % 3 else (height, width)
            picture = Image.fromarray(rng.integers(0, 256, shape, np.uint8))
            picture.save(root / f"class{number}" / f"{i:02d}.{'png' if i % 2 else 'jpg'}")
    return root


# At the smallest side, for the compiler takes its time a layer; LSGAN's smallest is twice that.
@pytest.mark.parametrize("path", sorted(FAMILIES.keys() - {"configs/lsgan_folder.py"}))
def test_a_step_on_a_folder(path, folder):
    files = {"name": str(folder), "cache_dir": str(folder.parent / "cache")}
    made = narrow(path, **files, image_size=8, resize="center_crop")
    training = data.load_data(made, "train", progress=False)
    pipeline = data.make_pipeline(made, training, seed=0)
    raw = jax.tree.map(lambda x: x[0], pipeline.batches(0, 1))
    batch = data.loader(made, pipeline)(pipeline.source, raw, jax.random.key(0))
    assert batch["image"].shape[1:] == (8, 8, 3)
    if made.reads_labels:
        assert made.abilities.num_classes == 3
        assert set(np.asarray(batch["label"])) == {0, 1, 2}
    shapes, rng = jax.eval_shape(made.create_state, jax.random.key(0)), np.random.default_rng(1)
    # Any state will do, and this one is made without a compiler.
    state = jax.tree.map(lambda x: rng.uniform(0.0, 0.1, x.shape).astype(x.dtype), shapes)
    step = jax.jit(functools.partial(made.objective.train_step, made.spec))
    after, metrics = step(state, batch, jax.random.key(1))
    assert all(np.isfinite(value) for value in metrics.values())
    for network in made.objective.NETWORKS:
        leaves = (jax.tree.leaves(s.params[network]) for s in (state, after))
        assert any(np.any(a != b) for a, b in zip(*leaves, strict=True))


@pytest.mark.core
def test_age_has_a_pair_for_each_of_two_sizes():
    for name, side in (("configs/age_folder.py", 64), ("configs/age_folder.py:128", 128)):
        made = experiment.build(load.load_config(name))
        assert made.example_batch["image"].shape[1:] == (side, side, 3)
        modules = {network.module for network in made.config.networks.values()}
        assert modules == {f"age.Encoder{side}", f"age.Generator{side}"}
    fix = (
        r"must be 64; use images of 64 px, or age\.Encoder128 and .* \(configs/age_folder\.py:128\)"
    )
    with pytest.raises(UserError, match=fix):
        experiment.build(load.load_config("configs/age_folder.py", **{"data.image_size": 128}))
