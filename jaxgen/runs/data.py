"""The data of an experiment, as its config says: data sets, batches, and which labels are used."""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgen.config import load
from jaxgen.config.build import Experiment, check_classes
from jaxgen.core.errors import UserError
from jaxgen.core.files import write_atomically
from jaxgen.core.images import even_rows, to_uint8
from jaxgen.core.keys import key_for
from jaxgen.core.types import PyTree
from jaxgen.data import labelled, preprocess, sources
from jaxgen.data.dataset import Dataset, centered, fingerprint
from jaxgen.data.pipeline import Pipeline

_CHUNK = 1000  # images at a time


def load_data(
    experiment: Experiment, split: str, *, name: str = "", channels: int = 0, progress: bool = True
) -> Dataset:
    """The images of one split, as the config's `data` says, but for what is given here.

    Where they are decoded larger (`data.load_size`) these are their middles, with the whole ones,
    of which `loader` cuts random windows, beside them.

    split: "train", "test", or "validation", which is held out of the training images. progress:
    tells on stderr how far decoding is. Raises UserError, also for labels that do not fit, and for
    validation images where `data.validation` holds none out.
    """
    data = experiment.config.data
    if split == "validation" and not data.validation:
        raise UserError(
            "This run holds no validation images out of its training images "
            "(config.data.validation=0); use --split=test, or train with some held out."
        )
    dataset = sources.load(
        name or data.name,
        "test" if split == "test" else "train",
        image_size=data.load_size or data.image_size,
        channels=channels or data.channels,
        resize=data.resize,
        least_chroma=data.least_chroma,
        max_pixels=data.max_pixels,
        data_dir=data.data_dir or None,
        cache_dir=data.cache_dir or None,
        progress=progress,
    )
    dataset = labelled.keep_classes(dataset, data.keep_classes)
    if not name and dataset.label is not None:
        check_classes(experiment, dataset.classes, dataset.name)
    return centered(_part(experiment, dataset, split), data.image_size)


def load_other(experiment: Experiment, split: str, *, progress: bool = True) -> Dataset:
    """The images of one split of the second domain; see `load_data`.

    What is raised names its own keys, `data.other_name` and `data.other_classes`.
    """
    data = experiment.config.data
    try:
        other = load.override(experiment.config, "data.name", data.other_name or data.name)
        other = load.override(other, "data.keep_classes", data.other_classes)
        return load_data(dataclasses.replace(experiment, config=other), split, progress=progress)
    except UserError as error:
        text = str(error).replace("data.keep_classes", "data.other_classes")
        if data.other_name:
            text = text.replace("data.name", "data.other_name")
        raise UserError(text) from error


def _part(experiment: Experiment, dataset: Dataset, split: str) -> Dataset:
    """What of a loaded split is trained on, or held out of that."""
    num = experiment.config.data.validation
    if split == "test" or not num:
        return dataset
    training, validation = labelled.hold_out(dataset, num, experiment.config.seed)
    return validation if split == "validation" else training


def described(training: Dataset, held_out: Dataset, validation: int = 0) -> str:
    """What was found, in one line: images of each split, those left out, and classes.

    Also what nothing can be learned from: images that are all alike, classes without any; and
    gray images that are trained on as color.
    """
    kind = "images" if training.kind == "image" else "points"
    aside = f", {validation} held out to choose settings on" if validation else ""
    counts = f"{len(training.image):,} training{aside} and {len(held_out.image):,} held-out {kind}"
    deep = training.deep + held_out.deep
    if deep:
        counts += f"; {deep:,} image{'s' if deep > 1 else ''} rounded from 16 bits to 8"
    left_out = training.left_out + held_out.left_out
    if left_out:
        counts += (
            f"; {left_out:,} gray image{'s' if left_out > 1 else ''} left out of these splits "
            f"({training.left_out:,} training, {held_out.left_out:,} held-out)"
        )
    some = even_rows(training.image, _CHUNK)
    if len(some) > 1 and (some == some[0]).all():
        counts += "; warning: all training images are alike"
    elif some.shape[-1] == 3 and (some == some[..., :1]).all():
        counts += "; the images are gray, in three equal channels"
    names = training.classes
    if training.label is None or not names:
        return f"{training.name}: {counts}, no labels"
    found = np.bincount(training.label, minlength=len(names))
    lacking = tuple(name for name, number in zip(names, found) if not number)
    without = f"; warning: no training images of {_listed(lacking)}" if lacking else ""
    return f"{training.name}: {counts}, {len(names)} classes: {_listed(names)}{without}"


def identity(training: Dataset) -> dict[str, Any]:
    """What a checkpoint says of the images it was trained on."""
    return {"fingerprint": training.fingerprint, "classes": list(training.classes)}


def check_identity(
    saved: Any, training: Dataset, say: Callable[[str], None], *, strict: bool
) -> None:
    """Says where a continued run is given other images than it was trained on.

    saved: `identity` of the checkpoint; None of earlier versions. strict: raises UserError where
    classes differ, for what the networks learned of a label would be of another class.
    """
    if not isinstance(saved, dict):
        return
    before, now = tuple(saved.get("classes", ())), training.classes
    if before != now and strict:
        raise UserError(
            f"This run was trained on the classes {_listed(before)}, and {training.name} has "
            f"{_listed(now)} now; restore the data set, or start in another --workdir."
        )
    if saved.get("fingerprint") != training.fingerprint:
        say(f"{training.name}, or the times of its files, changed since this run was last trained")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:10]) + (", ..." if len(names) > 10 else "") or "(none)"


def as_modelled(experiment: Experiment, dataset: Dataset) -> Dataset:
    """A data set as the objective models it, such as in black and white.

    What samples are compared with. The same object where nothing changes; where gray pixels are
    probabilities, one draw of each.
    """
    change = experiment.abilities.as_modelled
    if change is None:
        return dataset
    key, parts = key_for(jax.random.key(0), dataset.fingerprint), []
    for start in range(0, len(dataset.image), _CHUNK):
        raw = {"image": jnp.asarray(dataset.image[start : start + _CHUNK])}
        image = preprocess.prepare(raw, jax.random.key(0))["image"]
        changed = change(experiment.spec, image, jax.random.fold_in(key, start))
        if changed is image:
            return dataset
        parts.append(to_uint8(np.asarray(changed)))
    image = np.concatenate(parts)
    content = hashlib.sha256(image.tobytes()).hexdigest()
    return dataclasses.replace(
        dataset,
        name=f"{dataset.name}, as modelled",
        image=image,
        whole=None,
        fingerprint=fingerprint(dataset.fingerprint, content),
    )


def entries(experiment: Experiment) -> list[str]:
    """What the batches of an experiment hold, beside those of a labelled pool."""
    computed = preprocess.COMPUTED
    return [
        name
        for name in experiment.example_batch
        if not name.startswith(("labelled_", "other_")) and name not in computed
    ]


def require_batches(experiment: Experiment, training: Dataset) -> None:
    """Raises UserError unless a step's images can be drawn from the training images.

    Also where these are more than the objective remembers.
    """
    size, count = experiment.config.data.batch_size, len(training.image)
    batches = experiment.images_per_step // size
    if experiment.images_per_step > count:
        several = f", and a step of {experiment.config.objective} takes {batches} batches"
        raise UserError(
            f"config.data.batch_size={size}{several if batches > 1 else ''}, but {training.name} "
            f"has {count} training images; "
            + (f"set it to {count // batches} or less." if count >= batches else "add some.")
        )
    remembered = experiment.abilities.num_images
    if 0 < remembered < count:
        raise UserError(
            f"config.hparams.num_images={remembered}, but {training.name} has {count} training "
            f"images, of each of which {experiment.config.objective} remembers something; set it "
            f"to {count}."
        )


def require_parts(experiment: Experiment, devices: int) -> None:
    """Raises UserError unless the parts of an update can be shared out over the devices."""
    data = experiment.config.data
    part = data.batch_size // data.micro_batches
    if data.micro_batches > 1 and part % devices:
        raise UserError(
            f"config.data.micro_batches={data.micro_batches} makes parts of {part} images, which "
            f"cannot be split evenly over {devices} devices; set it, or config.data.batch_size="
            f"{data.batch_size}, so that a part is a multiple of {devices}."
        )


def make_pipeline(
    experiment: Experiment, training: Dataset, *, seed: int, sharding: Any = None
) -> Pipeline:
    """The batches of a training run with `seed`."""
    data = experiment.config.data
    return Pipeline(
        training,
        batch_size=experiment.images_per_step,
        seed=seed,
        sharding=sharding,
        resident={"auto": None, "always": True, "never": False}[data.resident],
        entries=entries(experiment),
        labelled=labelled_pool(experiment, training),
        other=load_other(experiment, "train") if experiment.reads_two_domains else None,
    )


def labelled_pool(experiment: Experiment, training: Dataset) -> Dataset | None:
    """The training images whose labels are used, where the config has some."""
    num, seed = experiment.config.data.labelled, experiment.config.seed
    if not num:
        return None
    return labelled.subset(training, labelled.draw(training, num, seed), "labelled", num, seed)


def record_labelled(
    experiment: Experiment, training: Dataset, workdir: Path, *, begun: bool, write: bool
) -> None:
    """Leaves in `labelled.json` which images are labelled, or checks that they are the same.

    begun: whether there is a checkpoint, which has learned of them. Raises UserError where a
    continued run would see other labels than it began with.
    """
    num, seed = experiment.config.data.labelled, experiment.config.seed
    if not num:
        return
    path = workdir / "labelled.json"
    expected = labelled.record(training, labelled.draw(training, num, seed), seed)
    if path.exists() and begun:
        try:
            saved = json.loads(path.read_text())
        except ValueError as error:
            raise UserError(
                f"{path} cannot be read ({error}); delete it to begin again."
            ) from error
        labelled.check_record(saved, expected, str(path))
    elif write:
        write_atomically(path, json.dumps(expected) + "\n")


def loader(experiment: Experiment, pipeline: Pipeline) -> Callable[[PyTree, PyTree, Any], Any]:
    """The function load(source, raw, key) with which a compiled step begins."""
    data = experiment.config.data
    flip, padding = data.flip, data.crop_padding

    def load(source: PyTree, raw: PyTree, key: Any) -> Any:
        images = pipeline.fetch(source, raw)
        if data.load_size > data.image_size:
            images = preprocess.random_windows(images, key, data.image_size)
        return preprocess.prepare(
            images, key, flip=flip, crop_padding=padding, entries=experiment.abilities.entries
        )

    return load
