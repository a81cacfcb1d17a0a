"""Photographs, their colors, and the files of both."""

READING = "tests/data/test_photographs.py"
COLORING = "tests/runs/test_colorizing.py"
COMMAND = "tests/command/test_colorize.py"
PAGE = "tests/report/test_colorized_page.py"

MUTANTS = [
    (
        "jaxgen/data/photographs.py",
        "        _require_memory(image.size, name)\n",
        "",
        READING,
        "a photograph that is too large is decoded",
    ),
    (
        "jaxgen/data/photographs.py",
        "257.0 * np.interp",
        "256.0 * np.interp",
        READING,
        "white of 16 bits is gray",
    ),
    (
        "jaxgen/data/photographs.py",
        "alpha = [*range(256)] * transparent",
        "alpha = curve.tolist() * transparent",
        READING,
        "alpha goes through the curve of gray",
    ),
    (
        "jaxgen/data/photographs.py",
        "image if _is_srgb(profile) else _through(image, profile) or image",
        "image",
        READING,
        "profiles of colors are ignored",
    ),
    (
        "jaxgen/data/photographs.py",
        'return (_through(image, profile) if profile else None) or image.convert("RGB")',
        'return image.convert("RGB")',
        READING,
        "profiles of inks are ignored",
    ),
    (
        "jaxgen/core/color.py",
        "factor[..., None] * chroma",
        "chroma",
        COLORING,
        "colors outside of sRGB change the lightness",
    ),
    (
        "jaxgen/core/color.py",
        "factor[..., None] * chroma",
        "0.5 * factor[..., None] * chroma",
        COLORING,
        "colors of sRGB get paler",
    ),
    (
        "jaxgen/runs/colorizing.py",
        "np.sin(np.pi * (np.arange(size) + 0.5) / size) ** 2",
        "np.ones(size)",
        COLORING,
        "squares have edges",
    ),
    (
        "jaxgen/runs/colorizing.py",
        "-(-2 * most // size) + 1",
        "-(-most // size) + 1",
        COLORING,
        "squares hardly overlap",
    ),
    (
        "jaxgen/runs/colorizing.py",
        "row * found.shape[0] / picture.height for row",
        "row * (found.shape[0] - 1) / picture.height for row",
        COLORING,
        "colors are moved",
    ),
    (
        "jaxgen/runs/colorizing.py",
        "photographs.on_white(picture.resize",
        "(picture.resize",
        COLORING,
        "the network sees what is transparent",
    ),
    (
        "jaxgen/runs/colored_files.py",
        "quality=95, subsampling=0",
        "quality=95",
        COMMAND,
        "a JPEG has a quarter of the colors",
    ),
    (
        "jaxgen/runs/colored_files.py",
        "jax.random.fold_in(jax.random.key(colors.seed), number)",
        "jax.random.key(colors.seed)",
        COMMAND,
        "versions are the same",
    ),
    (
        "jaxgen/runs/colored_files.py",
        "    if source.resolve() in (out.resolve(), *out.resolve().parents):",
        "    if source in (out, *out.parents):",
        COMMAND,
        "results among the photographs, through a link",
    ),
    (
        "jaxgen/commands/colorize.py",
        "    colored_files.require_new(out, versions)\n    experiment",
        "    experiment",
        COMMAND,
        "files are overwritten",
    ),
    (
        "jaxgen/report/page.css",
        " .stack .left.right { clip-path: none; }",
        "",
        PAGE,
        "half of a picture is missing where it is on both sides",
    ),
]
