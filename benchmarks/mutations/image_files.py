"""Modes of a user's own image files and codes, and domains of two data sets."""

CODES = "tests/command/test_codes_of_files.py"
DOMAINS = "tests/data/test_second_domain.py"

MUTANTS = [
    (
        "jaxgen/commands/interpolate.py",
        'experiment.abilities.arcs if path is None else path == "arc"',
        "experiment.abilities.arcs",
        CODES,
        "walks are the prior's, whatever was asked for",
    ),
    (
        "jaxgen/commands/arithmetic.py",
        "if not np.isfinite(changed).all():",
        "if changed is None:",
        CODES,
        "codes that are infinite are decoded",
    ),
    (
        "jaxgen/runs/sampling.py",
        "are not finite, so the model has diverged\"\n            f\"{f', {or_else}' if or_else else ''}",
        'are not finite, so the model has diverged"\n            f"',
        "tests/runs/test_sampling.py",
        "codes that are too large are called divergence",
    ),
    (
        "jaxgen/config/build.py",
        "                able.remove(own)\n",
        "",
        "tests/config/test_build.py",
        "a run of aegan:gan is told to be one of aegan",
    ),
    (
        "jaxgen/objectives/aae_supervised.py",
        'return decode(spec, state, encode(spec, state, batch["image"]), batch["label"])',
        'return decode(spec, state, encode(spec, state, batch["image"]))',
        "tests/objectives/test_aae.py",
        "images are rebuilt as of all classes in turn",
    ),
    (
        "jaxgen/pictures/of_a_run.py",
        "    if label is None:\n        label = np.zeros(len(held_out.image))\n    return even_rows(label",
        "    return even_rows(np.zeros(len(held_out.image))",
        "tests/pictures/test_of_a_run.py",
        "images are rebuilt as of class 0",
    ),
    (
        "jaxgen/runs/data.py",
        'replace("data.keep_classes", "data.other_classes")',
        'replace("data.keep_classes", "data.keep_classes")',
        DOMAINS,
        "mistakes of the second domain are said of the first",
    ),
    (
        "jaxgen/config/build.py",
        '    if data.other_name not in ("", data.name):\n        return\n',
        '    if data.other_name != "":\n        return\n',
        DOMAINS,
        "a data set is translated to itself",
    ),
    (
        "configs/aegans.py",
        '"multiples": (2, 1, 1), "upsampling": (2, 2, 1)},\n        {"multiples": (1, 1, 2), "strides"',
        '"multiples": (2, 1, 1), "upsampling": (2, 2, 2)},\n        {"multiples": (1, 1, 2), "strides"',
        "tests/models/test_aegan_models.py",
        "AEGAN's generator of 16 px makes 32 px",
    ),
]
