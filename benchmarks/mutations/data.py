"""Data: windows of larger images, and gray images that are left out."""

WINDOWS = "tests/data/test_windows.py"
LOAD_SIZE = "tests/runs/test_load_size.py"
GRAY = "tests/data/test_gray.py"

MUTANTS = [
    (
        "jaxgen/data/preprocess.py",
        "(key, (batch, 2), 0, side - size + 1)",
        "(key, (batch, 2), 0, side - size)",
        WINDOWS,
        "no window is at the far borders",
    ),
    (
        "jaxgen/data/preprocess.py",
        "(key, (batch, 2), 0, side - size + 1)",
        "(key, (1, 2), 0, side - size + 1).repeat(batch, 0)",
        WINDOWS,
        "all images of a batch have one window",
    ),
    (
        "jaxgen/core/images.py",
        "(corner[0], corner[1], 0), size",
        "(corner[0], corner[0], 0), size",
        WINDOWS,
        "windows lie on the diagonal",
    ),
    (
        "jaxgen/data/preprocess.py",
        'key_for(key, f"window/{name}")',
        'key_for(key, "window")',
        WINDOWS,
        "labelled images have the windows of the others",
    ),
    (
        "jaxgen/data/dataset.py",
        "((side - size) // 2 for side in",
        "(side - size for side in",
        WINDOWS,
        "evaluations see a corner",
    ),
    (
        "jaxgen/data/pipeline.py",
        "dataset.image if dataset.whole is None else dataset.whole",
        "dataset.image",
        WINDOWS,
        "steps see the middle",
    ),
    (
        "jaxgen/data/labelled.py",
        "if dataset.whole is not None:",
        "if False:",
        WINDOWS,
        "a subset has the whole images of other rows",
    ),
    (
        "jaxgen/runs/data.py",
        "if data.load_size > data.image_size:",
        "if False:",
        LOAD_SIZE,
        "steps see whole images",
    ),
    (
        "jaxgen/runs/data.py",
        "preprocess.random_windows(images, key, data.image_size)",
        "preprocess.random_windows(images, jax.random.key(0), data.image_size)",
        LOAD_SIZE,
        "every step has the same windows",
    ),
    (
        "jaxgen/runs/data.py",
        "image_size=data.load_size or data.image_size",
        "image_size=data.image_size",
        LOAD_SIZE,
        "images are never loaded larger",
    ),
    (
        "jaxgen/runs/data.py",
        "        whole=None,\n",
        "",
        LOAD_SIZE,
        "images as they are modelled have whole ones that are not",
    ),
    (
        "jaxgen/data/gray.py",
        "least * pixels.shape[1], np",
        "least * pixels.shape[1] / _PARTS, np",
        GRAY,
        "the chroma of an image is that of some of its pixels",
    ),
    (
        "jaxgen/data/cache.py",
        "list(itertools.compress(labels, kept))",
        "labels[: kept.sum()]",
        GRAY,
        "labels are out of step with the images that are left",
    ),
    (
        "jaxgen/data/cache.py",
        "_write_header(file, len(labels), shape)",
        "_write_header(file, examples.num, shape)",
        GRAY,
        "a cache claims images that were left out",
    ),
    (
        "jaxgen/data/sources.py",
        "if least_chroma else ()",
        "if False else ()",
        GRAY,
        "the cache of another threshold is used",
    ),
    (
        "jaxgen/runs/data.py",
        "training.left_out + held_out.left_out",
        "training.left_out",
        "tests/runs/test_data.py",
        "gray held-out images are not counted",
    ),
]
