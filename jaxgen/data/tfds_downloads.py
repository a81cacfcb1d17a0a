"""Whether TFDS can get the raw files of a data set, seen before its minutes of retries."""

import hashlib
import socket
import threading
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from jaxgen.core.errors import UserError

_TIMEOUT = 3.0


def check(builder: Any, download_dir: Path, manual_dir: Path | None) -> None:
    """Raises UserError for: raw files of `builder` that are damaged, or neither here nor reachable.

    TFDS takes a file in `download_dir` by its name and does not look at its content, so the
    checksum is compared here; in `manual_dir` it compares it itself.
    """
    from tensorflow_datasets.core.download import resource

    infos = builder.url_infos
    missing = []
    for url, info in infos.items():
        file_name = resource.get_dl_fname(url, info.checksum)
        places = [folder / file_name for folder in (download_dir / builder.name, download_dir)]
        # TFDS's sign that a download was finished.
        here = [path for path in places if path.with_name(f"{path.name}.INFO").exists()]
        here = [path for path in here if path.exists()]
        if here:
            _check_content(here[0], info.checksum)
        elif not (manual_dir and info.filename and (manual_dir / info.filename).exists()):
            missing.append(url)
    # The list is of all configs: with several, some of the files may be all that is needed.
    enough = len(missing) < len(infos) and len(builder.builder_configs) > 1
    if missing and not enough and not is_reachable(missing[0]):
        raise UserError(
            f'The TFDS data set "{builder.name}" is not prepared, {missing[0]} cannot be reached, '
            f"and {len(missing)} of its {len(infos)} raw files are not in {download_dir}: connect "
            "to a network, or run python -m jaxgen.data.prepare with --download_dir or "
            "--manual_dir set to a folder that has them."
        )


def _check_content(path: Path, checksum: str) -> None:
    with open(path, "rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != checksum:
            raise UserError(
                f"{path} is damaged (its sha256 differs from the one that TFDS has): remove it "
                "or download it again."
            )


def is_reachable(url: str) -> bool:
    """Whether the host of `url`, or the proxy before it, takes a connection within seconds."""
    parts = urllib.parse.urlsplit(url)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(parts.hostname or ""):
        parts = urllib.parse.urlsplit(proxy if "//" in proxy else f"//{proxy}")
    port = parts.port or {"http": 80, "ftp": 21}.get(parts.scheme, 443)
    connected = threading.Event()

    def connect():
        try:
            socket.create_connection((parts.hostname or "", port), _TIMEOUT).close()
            connected.set()
        except OSError:
            pass

    # A thread, because looking up a name obeys no timeout.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(_TIMEOUT)
    return connected.is_set()
