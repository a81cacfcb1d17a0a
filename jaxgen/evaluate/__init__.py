"""Metrics: numbers of samples, codes and features; functions, no configs."""

from typing import TYPE_CHECKING

from jaxgen import lazy

if TYPE_CHECKING:
    from jaxgen.evaluate import batches as batches
    from jaxgen.evaluate import checks as checks
    from jaxgen.evaluate import classifier as classifier
    from jaxgen.evaluate import clustering as clustering
    from jaxgen.evaluate import codes as codes
    from jaxgen.evaluate import color as color
    from jaxgen.evaluate import conditional as conditional
    from jaxgen.evaluate import features as features
    from jaxgen.evaluate import frechet as frechet
    from jaxgen.evaluate import inception as inception
    from jaxgen.evaluate import inception_score as inception_score
    from jaxgen.evaluate import kernel_distance as kernel_distance
    from jaxgen.evaluate import linear_probe as linear_probe
    from jaxgen.evaluate import memorisation as memorisation
    from jaxgen.evaluate import modes as modes
    from jaxgen.evaluate import ms_ssim as ms_ssim
    from jaxgen.evaluate import parzen as parzen
    from jaxgen.evaluate import precision_recall as precision_recall
    from jaxgen.evaluate import reconstructions as reconstructions

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
