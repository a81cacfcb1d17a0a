"""Published networks as PyTorch has them, in small, and what they gave once.

    python tests/models/torch_twins.py

needs torch, jaxgen not, and writes torch_twins.npz beside this file: random weights, inputs and
outputs of each network, and files of torch.save. Tests read it where torch is not installed.
"""

import io
import itertools
import sys
from pathlib import Path
from typing import Any

import numpy as np

STORED = Path(__file__).with_suffix(".npz")
# Network of jaxgen.models -> (its fields, shape of its inputs as they are in torch).
NETWORKS: dict[str, tuple[dict[str, int], tuple[int, ...]]] = {
    "age.Encoder64": ({"latent_size": 3, "features": 1}, (1, 2, 64, 64)),
    "age.Encoder32": ({"latent_size": 3, "features": 2}, (2, 3, 32, 32)),
    "age.Generator64": ({"channels": 1, "features": 2}, (1, 3, 1, 1)),
    "age.Generator32": ({"channels": 3, "features": 1}, (1, 3, 1, 1)),
    "dcgan.Generator": ({"channels": 2, "features": 1, "image_size": 32}, (1, 5, 1, 1)),
    "dcgan.Discriminator": ({"features": 2}, (3, 2, 32, 32)),
}


def twin(name: str) -> Any:
    """The layers main.0, main.1, ... of a network, with random weights and running statistics."""
    import torch

    fields, (_, inputs, side, _) = NETWORKS[name]
    width = fields["features"]
    if name.startswith("age.Encoder"):
        latents = fields["latent_size"]
        if side == 64:
            last = [torch.nn.Conv2d(8 * width, latents, 4, 1, 0)]
            layers = _down(inputs, width, 2 * width, 4 * width, 8 * width)
        else:
            last = [torch.nn.Conv2d(4 * width, latents, 4, 2, 1), torch.nn.AvgPool2d(2)]
            layers = _down(inputs, width, 2 * width, 4 * width)
    elif name == "dcgan.Discriminator":
        layers = _down(inputs, width, 2 * width, 4 * width)
        last = [torch.nn.Conv2d(4 * width, 1, 4, 1, 0, bias=False)]
    elif name == "age.Generator32":
        layers = _up(inputs, 8 * width, 4 * width, 2 * width, 2 * width)
        last = [torch.nn.Conv2d(2 * width, fields["channels"], 1), torch.nn.Tanh()]
    else:
        first = {"age.Generator64": 8, "dcgan.Generator": 4}[name]
        widths = [n * width for n in (8, 4, 2, 1) if n <= first]
        image = torch.nn.ConvTranspose2d(width, fields["channels"], 4, 2, 1, bias=False)
        layers, last = _up(inputs, *widths), [image, torch.nn.Tanh()]
    whole = torch.nn.Sequential()
    whole.main = torch.nn.Sequential(*layers, *last)
    rng = np.random.default_rng(sorted(NETWORKS).index(name))
    for key, tensor in whole.state_dict().items():
        if tensor.ndim == 1:
            centre = 0.0 if key.endswith(("bias", "mean")) else 1.0
            _fill(tensor, rng.uniform(centre - 0.5, centre + 0.5, tensor.shape))
        elif tensor.ndim == 4:
            gain = 0.8 if "coder" in name or "Disc" in name else 1.2
            _fill(tensor, gain * rng.normal(size=tensor.shape) / tensor.numel() ** 0.25)
    return whole.eval()


def given(name: str) -> np.ndarray:
    """Inputs of a network, as in torch."""
    return np.float32(np.random.default_rng(9).integers(-8, 9, NETWORKS[name][1]) / 8)


def outputs(network: Any, inputs: np.ndarray) -> np.ndarray:
    import torch

    with torch.no_grad():
        return network.main(torch.from_numpy(inputs)).numpy()


def saved(network: Any, **options: Any) -> bytes:
    """The bytes of torch.save."""
    import torch

    file = io.BytesIO()
    torch.save(network, file, **options)
    return file.getvalue()


def stored(name: str) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Weights, inputs and outputs of a network, from torch_twins.npz."""
    with np.load(STORED) as file:
        mine = {key.partition("/")[2]: file[key] for key in file.files if key.startswith(name)}
    return mine, mine.pop("inputs"), mine.pop("outputs")


def stored_file(name: str) -> bytes:
    """A file of torch.save, of torch_twins.npz: "zip", "before_zip" or "module"."""
    with np.load(STORED) as file:
        return file[f"files/{name}"].tobytes()


def _fill(tensor: Any, values: np.ndarray) -> None:
    import torch

    tensor.copy_(torch.from_numpy(np.round(values * 16) / 16))  # which compresses well


def _down(*widths: int) -> list[Any]:
    from torch import nn

    layers = []
    for index, (old, new) in enumerate(itertools.pairwise(widths)):
        layers.append(nn.Conv2d(old, new, 4, 2, 1, bias=False))
        layers += [nn.BatchNorm2d(new)] if index else []
        layers.append(nn.LeakyReLU(0.2))
    return layers


def _up(*widths: int) -> list[Any]:
    from torch import nn

    layers = []
    for index, (old, new) in enumerate(itertools.pairwise(widths)):
        stride, padding = (2, 1) if index else (1, 0)
        layers.append(nn.ConvTranspose2d(old, new, 4, stride, padding, bias=False))
        layers += [nn.BatchNorm2d(new), nn.ReLU()]
    return layers


def main() -> None:
    arrays = {}
    for name in NETWORKS:
        network = twin(name)
        state = {k: v.numpy() for k, v in network.state_dict().items()}
        of_it = {**state, "inputs": given(name), "outputs": outputs(network, given(name))}
        arrays |= {f"{name}/{key}": array for key, array in of_it.items()}
    small = twin("age.Encoder32")
    files = {
        "zip": saved(small.state_dict()),
        "before_zip": saved(small.state_dict(), _use_new_zipfile_serialization=False),
        "module": saved(small),
    }
    arrays |= {f"files/{key}": np.frombuffer(value, np.uint8) for key, value in files.items()}
    np.savez_compressed(STORED, **arrays)
    print(f"{STORED}: {STORED.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
