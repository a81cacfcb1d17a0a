import hashlib
import socket
import threading
import time
import types
from pathlib import Path

import pytest

from jaxgen.core.errors import UserError
from jaxgen.data import tfds_downloads


@pytest.fixture
def offline_builder(monkeypatch):
    """A builder with two raw files of known content, and no network."""
    monkeypatch.setattr(tfds_downloads, "is_reachable", lambda url: False)
    infos = {
        f"https://example.org/{name}.gz": types.SimpleNamespace(
            checksum=hashlib.sha256(name.encode()).hexdigest(), filename=f"{name}.gz"
        )
        for name in ("images", "labels")
    }
    return types.SimpleNamespace(name="raw", url_infos=infos, builder_configs={})


def put_download(folder, url, info, content):
    from tensorflow_datasets.core.download import resource

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / resource.get_dl_fname(url, info.checksum)
    path.write_bytes(content)
    path.with_name(f"{path.name}.INFO").write_text("{}")


@pytest.mark.parametrize("below", ["", "raw"])
def test_raw_files_in_the_download_folder_count(offline_builder, tmp_path, below):
    first, second = offline_builder.url_infos.items()
    put_download(tmp_path / below, *first, b"images")
    with pytest.raises(UserError, match=r"labels\.gz cannot be reached, and 1 of its 2"):
        tfds_downloads.check(offline_builder, tmp_path, None)
    put_download(tmp_path / below, *second, b"labels")
    tfds_downloads.check(offline_builder, tmp_path, None)


def test_damaged_raw_files_are_named(offline_builder, tmp_path):
    for url, info in offline_builder.url_infos.items():
        put_download(tmp_path, url, info, b"images")
    with pytest.raises(UserError, match=r"labels.*\.gz is damaged .*sha256"):
        tfds_downloads.check(offline_builder, tmp_path, None)


def test_raw_files_in_the_manual_folder_count(offline_builder, tmp_path):
    for name in ("images", "labels"):
        with pytest.raises(UserError, match=name):
            tfds_downloads.check(offline_builder, Path("/nowhere"), tmp_path)
        (tmp_path / f"{name}.gz").write_bytes(name.encode())
    tfds_downloads.check(offline_builder, Path("/nowhere"), tmp_path)


def test_of_a_set_with_configs_some_files_are_enough(offline_builder, tmp_path):
    put_download(tmp_path, *next(iter(offline_builder.url_infos.items())), b"images")
    with pytest.raises(UserError, match="labels"):
        tfds_downloads.check(offline_builder, tmp_path, None)
    offline_builder.builder_configs = {"big": None, "small": None}
    tfds_downloads.check(offline_builder, tmp_path, None)


def test_a_host_is_reachable_that_takes_connections(monkeypatch):
    monkeypatch.setattr(tfds_downloads.urllib.request, "getproxies", dict)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert tfds_downloads.is_reachable(f"http://127.0.0.1:{port}/file")
        proxies = {"https": f"http://127.0.0.1:{port}"}
        monkeypatch.setattr(tfds_downloads.urllib.request, "getproxies", lambda: proxies)
        assert tfds_downloads.is_reachable("https://nowhere.invalid/file")
    assert not tfds_downloads.is_reachable("https://nowhere.invalid/file")


def test_a_silent_name_server_costs_seconds(monkeypatch):
    answered = threading.Event()

    def silent(*_):
        answered.wait(30)
        raise OSError("no answer")

    monkeypatch.setattr(tfds_downloads, "_TIMEOUT", 0.1)
    monkeypatch.setattr(tfds_downloads.urllib.request, "getproxies", dict)
    monkeypatch.setattr(tfds_downloads.socket, "create_connection", silent)
    before = set(threading.enumerate())
    began = time.monotonic()
    try:
        assert not tfds_downloads.is_reachable("https://example.org/file")
        assert time.monotonic() - began < 3
        waiting = set(threading.enumerate()) - before
        assert len(waiting) == 1
    finally:
        # Nothing outlives the test: the patches are gone afterwards.
        answered.set()
        for thread in set(threading.enumerate()) - before:
            thread.join(10)
    assert not any(thread.is_alive() for thread in waiting)
