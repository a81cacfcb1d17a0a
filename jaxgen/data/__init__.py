"""Data sets as uint8 arrays, and the batches that a training step reads."""

from typing import TYPE_CHECKING

from jaxgen import lazy

if TYPE_CHECKING:
    from jaxgen.data import arrays as arrays
    from jaxgen.data import bits as bits
    from jaxgen.data import cache as cache
    from jaxgen.data import dataset as dataset
    from jaxgen.data import embedded as embedded
    from jaxgen.data import folder as folder
    from jaxgen.data import gray as gray
    from jaxgen.data import images as images
    from jaxgen.data import labelled as labelled
    from jaxgen.data import lsun as lsun
    from jaxgen.data import order as order
    from jaxgen.data import photographs as photographs
    from jaxgen.data import pipeline as pipeline
    from jaxgen.data import points as points
    from jaxgen.data import prepare as prepare
    from jaxgen.data import preprocess as preprocess
    from jaxgen.data import sources as sources
    from jaxgen.data import stacked as stacked
    from jaxgen.data import tfds_downloads as tfds_downloads
    from jaxgen.data import tfds_source as tfds_source

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
