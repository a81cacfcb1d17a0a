"""Files of torch.save, read without torch and without running anything that they name."""

import collections
import io
import pickle
import struct
import sys
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch_twins

from jaxgen.core import UserError
from jaxgen.models import torch_files

pytestmark = pytest.mark.core


@dataclass
class Global:
    """A name in a pickle."""

    module: str
    name: str

    def __call__(self):
        raise AssertionError("written, not called")


@dataclass
class Call:
    """What reading a pickle makes by calling `function`, before it sets `state`."""

    function: Global
    arguments: tuple[Any, ...] = ()
    state: Any = None


@dataclass
class Pid:
    """What a pickle leaves to whoever reads it."""

    value: tuple[Any, ...]

    def __call__(self):
        raise AssertionError("written, not called")


class Writer(pickle._Pickler):  # the one in C asks whether names exist
    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, Global):
            self.write(f"c{obj.module}\n{obj.name}\n".encode())
        else:
            super().save(obj, save_persistent_id)

    def persistent_id(self, obj):
        return obj.value if isinstance(obj, Pid) else None

    def reducer_override(self, obj):
        if isinstance(obj, Call):
            return obj.function, obj.arguments, obj.state
        return NotImplemented


def pickled(obj):
    file = io.BytesIO()
    Writer(file, protocol=2).dump(obj)
    return file.getvalue()


def tensor(shape, strides, offset=0, kind="FloatStorage", where="torch"):
    """A tensor over the storage "0"."""
    storage = Pid(("storage", Global(where, kind), "0", "cuda:0", 6))
    rebuild = Global("torch._utils", "_rebuild_tensor_v2")
    return Call(rebuild, (storage, offset, shape, strides, False, collections.OrderedDict()))


@pytest.fixture
def zipped(tmp_path):
    """Writes what torch.save does with an object over six numbers: the path."""

    def write(obj, numbers=(0, 1, 2, 3, 4, 5), dtype="<f4", byteorder=None):
        with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:
            archive.writestr("x/data.pkl", pickled(obj))
            archive.writestr("x/data/0", np.asarray(numbers, dtype).tobytes())
            if byteorder:
                archive.writestr("x/byteorder", byteorder)
        return tmp_path / "x.pth"

    return write


@pytest.mark.parametrize("name", ["zip", "before_zip", "module"])
def test_what_torch_saved(name, tmp_path):
    path = tmp_path / "network.pth"
    path.write_bytes(torch_twins.stored_file(name))
    expected, _, _ = torch_twins.stored("age.Encoder32")
    found = torch_files.load(path)
    assert found.keys() == expected.keys()
    for key, array in expected.items():
        assert found[key].dtype == array.dtype
        np.testing.assert_array_equal(found[key], array)
    assert "torch" not in vars(torch_files)


def test_strides_offsets_and_kinds_of_numbers(zipped):
    tensors = {"a": tensor((2, 2), (1, 2), 1), "b": tensor((), (), 5), "c": tensor((0,), (1,))}
    found = torch_files.load(zipped(tensors, byteorder="little"))
    np.testing.assert_array_equal(found["a"], [[1, 3], [2, 4]])
    assert found["b"] == 5
    assert found["c"].shape == (0,)
    halves = {"a": tensor((6,), (1,), kind="HalfStorage")}
    assert torch_files.load(zipped(halves, dtype="<f2"))["a"].tolist() == [0, 1, 2, 3, 4, 5]
    ones = {"a": tensor((2,), (1,), kind="BFloat16Storage")}
    assert np.float32(torch_files.load(zipped(ones, [0x3F80] * 2, "<u2"))["a"]).tolist() == [1, 1]


def test_a_module_of_the_first_torch_on_a_gpu(tmp_path):
    """As AGE's published code saved its networks, with Python 2 and the text of its classes."""

    def of(module, name, **state):
        return Call(Pid(("module", Global(module, name), "models/base.py", "print(1)")), (), state)

    storage = Pid(("storage", Global("torch.cuda", "FloatStorage"), "7", "0", 6, ("8", 2, 4)))
    weight = Call(Global("torch._utils", "_rebuild_tensor"), (storage, 1, (3,), (1,)))
    parameter = Call(Global("torch._utils", "_rebuild_parameter"), (weight, True, {}))
    backend = Call(Global("torch.nn.backends.thnn", "_get_thnn_function_backend"))
    layer = of("torch.nn.modules.conv", "Conv2d", _parameters={"weight": parameter, "bias": None})
    layer.state |= {"_backend": backend, "_buffers": {}, "_modules": {}}
    main = of("torch.nn.modules.container", "Sequential", _modules={"0": layer})
    whole = of("models.base", "_netG_Base", noise=b"sphere", ngpu=1, _modules={"main": main})
    parts = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, whole, ["7"])
    numbers = np.arange(6, dtype="<f4")
    path = tmp_path / "netG.pth"
    path.write_bytes(b"".join(map(pickled, parts)) + struct.pack("<q", 6) + numbers.tobytes())
    (name, found), *others = torch_files.load(path).items()
    assert (name, found.tolist(), others) == ("main.0.weight", [3, 4, 5], [])


@pytest.mark.parametrize(
    "function", [("os", "mkdir"), ("posix", "mkdir"), ("builtins", "eval"), ("pathlib", "Path")]
)
def test_nothing_that_a_file_names_is_run(function, zipped, tmp_path, monkeypatch):
    folder = str(tmp_path / "made")
    argument = f"__import__('os').mkdir({folder!r})" if function[1] == "eval" else folder
    attack = Call(Global(*function), (argument,), {"x": 1})
    found = torch_files.load(zipped({"a": tensor((1,), (1,), 3), "b": attack}))
    assert {key: array.tolist() for key, array in found.items()} == {"a": [3]}
    monkeypatch.delitem(sys.modules, "this", raising=False)
    with pytest.raises(UserError, match="holds no tensors"):
        torch_files.load(zipped({"state_dict": {"a": attack}, "b": Call(Global("this", "s"))}))
    assert not (tmp_path / "made").exists()
    assert "this" not in sys.modules


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        ({"a": tensor((7,), (1,))}, r"a tensor of \[7\] lies outside of its numbers"),
        ({"a": tensor((2,), (6,))}, r"a tensor of \[2\] lies outside"),
        ({"a": tensor((2,), (1,), 5)}, "lies outside"),
        ({"a": tensor((2,), (-1,))}, "lies outside"),
        ({"a": tensor((2,), (1,), -1)}, "lies outside"),
        ({"a": tensor((10**9,), (0,))}, "lies outside"),
        ({"a": tensor((1,), (1,), kind="QInt8Storage")}, "no file of weights that can be read"),
        ({"epoch": 3, "netG": {"a": tensor((1,), (1,))}}, "holds no tensors by name at its top"),
        ([tensor((1,), (1,))], "save the state dict of one network"),
    ],
)
def test_a_file_that_holds_something_else(obj, message, zipped):
    with pytest.raises(UserError, match=message) as error:
        torch_files.load(zipped(obj))
    assert str(error.value).startswith(str(zipped(obj)))
    assert str(error.value).endswith(".")


def test_a_file_that_cannot_be_read(zipped, tmp_path, monkeypatch):
    whole = {name: torch_twins.stored_file(name) for name in ("zip", "before_zip")}
    for content in (b"", b"text", pickled(1), *(bytes_[:-400] for bytes_ in whole.values())):
        path = tmp_path / "network.pth"
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"network.pth is no file of weights that can be read"):
            torch_files.load(path)
    with pytest.raises(UserError, match="not little-endian"):
        torch_files.load(zipped({}, byteorder="big"))
    with pytest.raises(UserError, match=r"Cannot read the weights .*no\.pth \(No such file"):
        torch_files.load(tmp_path / "no.pth")
    path = path.rename(tmp_path / "network.safetensors")
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(UserError, match=r"run pip install 'jaxgen\[export\]'"):
        torch_files.load(path)


def test_safetensors(tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    tensors = {"main.0.weight": np.arange(6.0, dtype=np.float32).reshape(2, 3)}
    path = tmp_path / "x.safetensors"
    safetensors.save_file(tensors, path)
    found = torch_files.load(path)
    assert found.keys() == tensors.keys()
    np.testing.assert_array_equal(found["main.0.weight"], tensors["main.0.weight"])
    path.write_bytes(b"text")
    with pytest.raises(UserError, match="no file of weights that can be read"):
        torch_files.load(path)


def zipped_pickle(tmp_path, pickled, *, storage=b"", compression=zipfile.ZIP_STORED):
    path = tmp_path / "x.pth"
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("x/data.pkl", pickled)
        archive.writestr("x/data/0", storage)
    return path


MODULE = b"cfoo\nBar\n)R}(X\x08\x00\x00\x00_modules}("  # to which children and "uub" belong


def module_in_modules(depth):
    """A module of two that are the same, of two that are the same, ..."""
    text = b"\x80\x02" + MODULE + b"uubq\x000"
    for number in range(1, depth + 1):
        child = b"h" + bytes([number - 1])
        text += MODULE + b"X\x01\x00\x00\x00a" + child + b"X\x01\x00\x00\x00b" + child
        text += b"uubq" + bytes([number]) + b"0"
    return text + b"h" + bytes([depth]) + b"."


HOSTILE = {
    "deep": (b"\x80\x02})" + b"\x85" * 100_000 + b"K\x01s.", "lie more than 500 deep"),
    "deep by memory": (
        b"\x80\x02})" + b"".join(b"q%c0h%c\x85" % (n, n) for n in range(255)) * 3 + b"K\x01s.",
        "lie more than 500 deep",
    ),
    "numbers": (b"\x80\x02}r\x00\x00\x00\x10.", "remembers an object as number 268435456"),
    "twice": (module_in_modules(40), "is in it twice"),
}


@pytest.mark.parametrize(("pickled", "message"), HOSTILE.values(), ids=HOSTILE)
def test_small_files_do_not_become_large(pickled, message, tmp_path):
    with pytest.raises(UserError, match=message):
        torch_files.load(zipped_pickle(tmp_path, pickled))


def test_compressed_files_are_refused(tmp_path):
    path = zipped_pickle(tmp_path, b"\x80\x02}.", compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(UserError, match="it is compressed"):
        torch_files.load(path)


def test_names_of_one_storage_share_it(zipped):
    """A file of a few numbers and many names takes the memory of the numbers."""
    tensors = torch_files.load(zipped({str(n): tensor((6,), (1,)) for n in range(5)}))
    assert len(tensors) == 5
    assert all(np.shares_memory(tensors["0"], t) for t in tensors.values())
