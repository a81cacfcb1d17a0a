"""Colors: CIELAB, and the metrics and baselines of colorized photographs."""

CONVERSION = "tests/core/test_color.py"
METRICS = "tests/evaluate/test_color_metrics.py"

MUTANTS = [
    (
        "jaxgen/core/color.py",
        "jnp.cbrt(jnp.maximum(xyz, _EPSILON))",
        "jnp.cbrt(xyz)",
        CONVERSION,
        "CIELAB has no gradient at black",
    ),
    (
        "jaxgen/core/color.py",
        "z = jnp.maximum(y - lab[..., 2] / 200.0, 0.0)",
        "z = y - lab[..., 2] / 200.0",
        CONVERSION,
        "colors with a negative Z are not those of scikit-image",
    ),
    (
        "jaxgen/core/color.py",
        "_LIGHTNESS, _CHROMA = 50.0, 110.0",
        "_LIGHTNESS, _CHROMA = 50.0, 128.0",
        CONVERSION,
        "networks see the chroma at another scale",
    ),
    (
        "jaxgen/evaluate/color.py",
        "np.stack([red - green, (red + green) / 2 - blue])",
        "np.abs(np.stack([red - green, (red + green) / 2 - blue]))",
        METRICS,
        "colorfulness is of absolute opponents",
    ),
    (
        "jaxgen/evaluate/color.py",
        "np.ceil(distance)",
        "np.floor(distance) + 1",
        METRICS,
        "a pixel at a threshold is not within it",
    ),
    (
        "jaxgen/evaluate/color.py",
        '"ab_auc_rebalanced": float(within.mean())',
        '"ab_auc_rebalanced": float(np.average(within, weights=by_color[seen]))',
        METRICS,
        "common colors count more in the rebalanced accuracy",
    ),
    (
        "jaxgen/evaluate/color.py",
        "for x in (squares, squares.mean())",
        "for x in (squares, squares[0])",
        METRICS,
        "the pooled PSNR is the ratio of the first image",
    ),
    (
        "jaxgen/evaluate/color.py",
        "counts = np.where(total > 0, counts, counts.sum(axis=1, keepdims=True))",
        "counts = np.where(total >= 0, counts, counts.sum(axis=1, keepdims=True))",
        METRICS,
        "a lightness that no training image has gets an extreme color",
    ),
    (
        "jaxgen/evaluate/color.py",
        "[..., 1:2].repeat(3, axis=-1)",
        "",
        METRICS,
        "the gray baseline has a tinge",
    ),
    (
        "jaxgen/evaluate/color.py",
        "_lightness_bin(lab[..., 0])[..., None] * _STEPS",
        "0 * _lightness_bin(lab[..., 0])[..., None] * _STEPS",
        METRICS,
        "the median color is not given lightness",
    ),
    (
        "jaxgen/runs/evaluations/color.py",
        "if data.load_size > data.image_size:",
        "if data.load_size:",
        "tests/runs/test_color_evaluation.py",
        "all images are the middle of something",
    ),
    (
        "jaxgen/runs/evaluations/color.py",
        '"color/n_training": len(known),',
        '"color/n_training": len(context.training.image),',
        "tests/runs/test_color_evaluation.py",
        "predictors are said to be of all training images",
    ),
]
