"""The feature space of published FIDs, KIDs and Inception scores, from a file of weights.

The weights are not part of jaxgen. Who has PyTorch turns the file that pytorch-fid downloads
(pt_inception-2015-12-05-6726825d.pth) into one that needs neither PyTorch nor pickle, once:

    import torch, safetensors.torch
    weights = torch.load("pt_inception-2015-12-05-6726825d.pth", weights_only=True)
    safetensors.torch.save_file(weights, "inception.safetensors")
"""

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxgen.core.errors import UserError, reason
from jaxgen.core.files import local_path
from jaxgen.core.images import to_float, to_uint8
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.types import Array, PyTree
from jaxgen.evaluate.batches import in_batches
from jaxgen.evaluate.features import FeatureExtractor
from jaxgen.models.inception import (
    SIZE,
    Inception,
    state_dict_differences,
    variables_from_state_dict,
)

PREPARATIONS = ("pytorch-fid", "tensorflow", "clean-fid")
_NAME = "inception"

Outputs = tuple[np.ndarray, np.ndarray]


def inception_features(
    path: str | Path, *, preparation: str = "pytorch-fid", batch_size: int = 32
) -> FeatureExtractor:
    """The 2048 pool3 features of Inception, and class probabilities for the Inception score.

    path: the safetensors file that the module's docstring makes. Images are of any size and have 3
    channels, or 1, which is repeated. probabilities: images -> f64[n,1008], softmax of the logits
    without their bias, as in the published Inception score (arXiv:1606.03498). Features and then
    probabilities of the same images cost one pass. batch_size: images in a step; each size of
    image is compiled for once.

    preparation: how pixels p of 0 to 255 become the network's 299x299 input, and in whose code.
    "pytorch-fid": bilinear between pixel centres, not antialiased; p / 127.5 - 1.
    "tensorflow": TF 1's bilinear, which samples at i * size / 299, not antialiased; p / 128 - 1.
    "clean-fid": Pillow's antialiased bicubic in float, clipped to 0..255; p / 128 - 1.
    Values of different preparations do not compare (arXiv:2104.11222).

    Raises UserError: no such file, package safetensors missing, not a safetensors file, names or
    shapes of another network.
    """
    if preparation not in PREPARATIONS:
        raise ValueError(f'preparation="{preparation}" is not one of {", ".join(PREPARATIONS)}.')
    path = local_path(path, "--inception")
    variables, digest = load_weights(path)
    network = _remembering(_network(variables, preparation, batch_size))
    return FeatureExtractor(
        name=f"Inception (FID weights, {path.name}, sha256 {digest[:12]}, {preparation} resizing)",
        features=lambda images: network(images)[0].astype(np.float64),
        probabilities=lambda images: network(images)[1].astype(np.float64),
        score="inception_score",
    )


def load_weights(path: Path) -> tuple[PyTree, str]:
    """Variables of `Inception` from a safetensors file, and the sha256 of the file in hex."""
    try:
        import safetensors
        import safetensors.numpy
    except ImportError as error:
        raise UserError(
            f"Reading the Inception weights {path} needs the package safetensors; run "
            "pip install 'jaxgen[inception]'."
        ) from error
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"Cannot read the Inception weights {path} ({reason(error)}); docs/inception.md says "
            "how to make this file."
        ) from error
    try:
        arrays = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, KeyError, ValueError) as error:
        raise UserError(
            f"{path} is not a safetensors file of Inception weights ({error}); docs/inception.md "
            "says how to convert PyTorch's file."
        ) from error
    problems = state_dict_differences({name: array.shape for name, array in arrays.items()})
    if problems:
        raise UserError(
            f"{path} does not hold the weights of FID's Inception ({problems}); use pytorch-fid's "
            "file (not torchvision's Inception), converted as docs/inception.md says."
        )
    return variables_from_state_dict(arrays), hashlib.sha256(content).hexdigest()


def _network(
    variables: PyTree, preparation: str, batch_size: int
) -> Callable[[np.ndarray], Outputs]:
    """A function from images [n,h,w,c] to (features f32[n,2048], probabilities f32[n,1008])."""
    spec = Spec(nets={_NAME: Inception()}, tx={_NAME: optax.identity()}, hparams=None)
    variables = jax.device_put(variables)

    @jax.jit
    def outputs(variables: PyTree, pixels: Array) -> tuple[Array, Array]:
        params, stats = variables["params"], variables["batch_stats"]
        nets = Nets(spec, {_NAME: params}, {_NAME: {"batch_stats": stats}})
        # Accelerators would round the factors of products to fewer bits.
        with jax.default_matmul_precision("highest"):
            logits, features = nets(_NAME, prepare(pixels, preparation), train=False)
            unbiased = logits - params["fc"]["bias"][None]
            return features, jax.nn.softmax(unbiased)

    def network(images: np.ndarray) -> Outputs:
        of_batch = functools.partial(outputs, variables)
        features, probabilities = in_batches(of_batch, images, batch_size)
        return features, probabilities

    return network


def _remembering(network: Callable[[np.ndarray], Outputs]) -> Callable[[np.ndarray], Outputs]:
    """The network on images of either kind; keeps its last result, by the images' content."""
    last: dict[tuple[str, tuple[int, ...]], Outputs] = {}

    def remembered(images: np.ndarray) -> Outputs:
        images = np.asarray(images)
        if images.ndim != 4 or images.shape[3] not in (1, 3) or not images.size:
            raise ValueError(f"Need images [n,h,w,3] or [n,h,w,1]; got shape {images.shape}.")
        if images.dtype != np.uint8:
            images = to_uint8(to_float(images))
        images = np.ascontiguousarray(images)
        key = hashlib.sha256(images.data).hexdigest(), images.shape
        if key not in last:
            result = network(images)
            last.clear()
            last[key] = result
        return last[key]

    return remembered


def prepare(pixels: Array, preparation: str) -> Array:
    """u8[n,h,w,c] -> f32[n,299,299,3], the network's input; see `inception_features`."""
    rows, columns = (
        jnp.asarray(interpolation(side, SIZE, preparation), jnp.float32)
        for side in pixels.shape[1:3]
    )
    x = jnp.einsum("ih,nhwc,jw->nijc", rows, pixels.astype(jnp.float32), columns)
    if preparation == "clean-fid":
        x = jnp.clip(x, 0.0, 255.0)
    x = x / 127.5 - 1.0 if preparation == "pytorch-fid" else x / 128.0 - 1.0
    return jnp.broadcast_to(x, (*x.shape[:3], 3))


def interpolation(old: int, new: int, preparation: str) -> np.ndarray:
    """f64[new,old], rows sum to 1: the weight of each old pixel in each new one, along one axis."""
    scale, pixel = old / new, np.arange(old)[None]
    if preparation == "clean-fid":
        width = max(scale, 1.0)
        weights = _cubic((pixel + 0.5 - (np.arange(new)[:, None] + 0.5) * scale) / width)
        return weights / weights.sum(axis=1, keepdims=True)
    offset = 0.5 if preparation == "pytorch-fid" else 0.0
    source = np.clip((np.arange(new) + offset) * scale - offset, 0, old - 1)
    return np.maximum(1.0 - np.abs(source[:, None] - pixel), 0.0)


def _cubic(x: np.ndarray) -> np.ndarray:
    """Cubic convolution of R. Keys (1981) with a = -1/2, whose support is -2 to 2."""
    x = np.abs(x)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1.0, -0.5 * x**3 + 2.5 * x**2 - 4.0 * x + 2.0
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))
