"""Tensors of files that PyTorch's users share, read without PyTorch and running nothing of them.

A `.pth` is a pickle beside raw numbers, and a pickle names functions to be called. Here it may name
those that put a tensor together, which are replaced by ones that only note where its numbers lie;
whatever else it names becomes an object that holds attributes and does nothing. That suffices for
state dicts and for whole modules, as AGE's published code saves them, of the zip format and of the
one before it (PyTorch 1.5 and older).
"""

import collections
import io
import math
import pickle
import pickletools
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from jaxgen.core.errors import UserError, reason

_DEEPEST = 500  # of objects in one another; modules of PyTorch's are some ten levels deep
_MAGIC = 0x1950A86A20F9469CFC6C  # of the format without zip
_DTYPES: dict[str, Any] = {
    "DoubleStorage": np.float64,
    "FloatStorage": np.float32,
    "HalfStorage": np.float16,
    "BFloat16Storage": jnp.bfloat16,
    "LongStorage": np.int64,
    "IntStorage": np.int32,
    "ShortStorage": np.int16,
    "CharStorage": np.int8,
    "ByteStorage": np.uint8,
    "BoolStorage": np.bool_,
}


def load(path: str | Path) -> dict[str, np.ndarray]:
    """The tensors of a state dict by name, such as "main.0.weight": of a .safetensors or a .pth.

    A .pth holds what `torch.save` was given, a state dict or a module. Raises UserError for a file
    that cannot be read, is neither, or holds no tensors.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"Cannot read the weights {path} ({reason(error)}); name a .safetensors or a .pth."
        ) from error
    try:
        tensors = _safetensors(content) if path.suffix == ".safetensors" else _of_pickle(content)
    except UserError:
        raise
    except Exception as error:  # a file from anywhere fails in any way
        raise UserError(
            f"{path} is no file of weights that can be read ({type(error).__name__}: {error}); it "
            "must be a .safetensors, or what torch.save wrote."
        ) from error
    if not tensors:
        raise UserError(
            f"{path} holds no tensors by name at its top; save the state dict of one network."
        )
    return tensors


def _safetensors(content: bytes) -> dict[str, np.ndarray]:
    try:
        import safetensors.numpy
    except ImportError as error:
        raise UserError(
            "Reading a .safetensors needs the package safetensors; run pip install "
            "'jaxgen[export]'."
        ) from error
    return safetensors.numpy.load(content)


class _Storage(NamedTuple):
    key: str
    dtype: Any
    start: int  # where a view of the storage begins


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _of_pickle(content: bytes) -> dict[str, np.ndarray]:
    if zipfile.is_zipfile(io.BytesIO(content)):
        saved, storages = _zipped(content)
    else:
        saved, storages = _before_zip(content)
    return {name: _array(t, storages) for name, t in _named(saved).items()}


def _zipped(content: bytes) -> tuple[Any, dict[str, bytes]]:
    """What was saved, and the bytes of every storage by its key."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        # torch.save compresses nothing, and what is compressed may be of any size.
        if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
            raise ValueError("it is compressed")
        names = archive.namelist()
        pickled = next(name for name in names if name.endswith("data.pkl"))
        folder = pickled.removesuffix("data.pkl")
        if f"{folder}byteorder" in names and archive.read(f"{folder}byteorder") != b"little":
            raise ValueError("its numbers are not little-endian")
        saved = _unpickle(io.BytesIO(archive.read(pickled)))[0]
        data = f"{folder}data/"
        keys = [name.removeprefix(data) for name in names if name.startswith(data)]
        return saved, {key: archive.read(data + key) for key in keys}


def _before_zip(content: bytes) -> tuple[Any, dict[str, bytes]]:
    """As `_zipped`: magic number, version, machine, what was saved, keys, then the storages."""
    file = io.BytesIO(content)
    if _unpickle(file)[0] != _MAGIC:
        raise ValueError("it does not begin as torch.save begins")
    _unpickle(file)
    _unpickle(file)
    saved, dtypes = _unpickle(file)
    storages = {}
    for key in _unpickle(file)[0]:
        count = int.from_bytes(file.read(8), "little")
        storages[key] = file.read(count * np.dtype(dtypes[key]).itemsize)
    return saved, storages


def _unpickle(file: io.BytesIO) -> tuple[Any, dict[str, Any]]:
    """The next object of a file, and the types of its storages; the file is then behind it."""
    _require_harmless(file)
    unpickler = _Unpickler(file)
    return unpickler.load(), unpickler.dtypes


def _require_harmless(file: io.BytesIO) -> None:
    """Raises ValueError for a pickle that would take more than it is: memory, or the stack.

    Objects are remembered by numbers up to their count, and lie in one another a few levels deep.
    """
    start, size = file.tell(), file.getbuffer().nbytes
    stack: list[int | None] = []  # how deep what each entry holds is; None is a mark
    memo: dict[int, int] = {}
    for opcode, argument, _ in pickletools.genops(file):
        name, popped = opcode.name, []
        if "PUT" in name or name == "MEMOIZE":
            number = len(memo) if name == "MEMOIZE" else int(argument or 0)
            if number > size:
                raise ValueError(f"it remembers an object as number {number}")
            memo[number] = stack[-1] or 0
            continue
        before = [kind.name for kind in opcode.stack_before]
        if "mark" in before:
            while stack and (top := stack.pop()) is not None:
                popped.append(top)
            before = before[: before.index("mark")]
        for _ in before:
            popped.append(stack.pop() or 0)
        if "GET" in name:
            deep = memo[int(argument or 0)]
        elif before and name in ("APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS"):
            deep = max(popped[-1], 1 + max(popped[:-1], default=0))  # the container is lowest
        else:
            deep = 1 + max(popped) if popped else 0
        if deep > _DEEPEST:
            raise ValueError(f"its objects lie more than {_DEEPEST} deep in one another")
        stack += [None if kind.name == "mark" else deep for kind in opcode.stack_after]
    file.seek(start)


class _Unpickler(pickle.Unpickler):
    """Calls nothing that a pickle names, but what is below."""

    def __init__(self, file: io.BytesIO):
        super().__init__(file, encoding="latin1")  # of Python 2, too
        self.dtypes: dict[str, Any] = {}
        self._others: dict[tuple[str, str], type] = {}

    def find_class(self, module: str, name: str) -> Any:
        if module in ("torch", "torch.cuda") and name in _DTYPES:
            return name
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch._utils" and name in ("_rebuild_tensor", "_rebuild_tensor_v2"):
            return self._tensor
        if module == "torch._utils" and name == "_rebuild_parameter":
            return self._parameter
        return self._others.setdefault((module, name), type(name, (_Other,), {}))

    def persistent_load(self, pid: Any) -> Any:
        if pid[0] == "module":  # a class with the text of its file
            return pid[1]
        _, kind, key, *_ = pid
        view = pid[5] if len(pid) > 5 else None
        self.dtypes[key] = _DTYPES[kind]
        return _Storage(key, _DTYPES[kind], view[1] if view else 0)

    def _tensor(self, storage: _Storage, offset: int, shape: Any, strides: Any, *_: Any) -> _Tensor:
        return _Tensor(storage, offset, tuple(shape), tuple(strides))

    def _parameter(self, tensor: _Tensor, *_: Any) -> _Tensor:
        return tensor


class _Other:
    """In the place of an object, class or function that is not called."""

    def __init__(self, *_: Any, **__: Any):
        pass

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, dict):
            vars(self).update(state)


def _named(saved: Any) -> dict[str, _Tensor]:
    """The tensors of a state dict, or of a module and those within it.

    Raises ValueError for a module that is in another twice, or in itself.
    """
    tensors: dict[str, _Tensor] = {}
    seen: set[int] = set()
    waiting: list[tuple[str, Any]] = [("", saved)]
    while waiting:
        prefix, inside = waiting.pop()
        if isinstance(inside, dict):
            tensors |= {f"{prefix}{k}": v for k, v in inside.items() if isinstance(v, _Tensor)}
        elif isinstance(inside, _Other):
            if id(inside) in seen:
                raise ValueError(f"the module {prefix.removesuffix('.')} is in it twice")
            seen.add(id(inside))
            own = vars(inside)
            waiting += [(prefix, own.get(kind, {})) for kind in ("_parameters", "_buffers")]
            waiting += [(f"{prefix}{name}.", m) for name, m in own.get("_modules", {}).items()]
    return tensors


def _array(tensor: _Tensor, storages: dict[str, bytes]) -> np.ndarray:
    storage, offset, shape, strides = tensor
    numbers = np.frombuffer(storages[storage.key], storage.dtype)[storage.start :]
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    sizes = (offset, *shape, *strides)
    # NumPy would read what lies beside the storage.
    if not (min(sizes) >= 0 and math.prod(shape) <= numbers.size and last < max(numbers.size, 1)):
        raise ValueError(f"a tensor of {list(shape)} lies outside of its numbers")
    steps = [step * numbers.itemsize for step in strides]
    # Not copied: any number of names may share one storage.
    return np.lib.stride_tricks.as_strided(numbers[offset:], shape, steps, writeable=False)
