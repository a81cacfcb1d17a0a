"""Prepares a TFDS data set as array_record, once: `python -m jaxgen.data.prepare NAME`.

The only file that needs TensorFlow (through TFDS; the extra `prepare`), and a process of its own,
so that TensorFlow is never in the one that trains. Without a network, put the raw files into
DOWNLOAD_DIR under TFDS's names or into MANUAL_DIR under their own:

  python -m jaxgen.data.prepare mnist --data_dir=DATA_DIR --download_dir=DOWNLOAD_DIR
"""

import argparse
import importlib.util
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from jaxgen.core.errors import UserError
from jaxgen.core.files import local_path
from jaxgen.data import tfds_downloads, tfds_source


def prepare(name: str, data_dir: str, download_dir: str | None, manual_dir: str | None) -> Path:
    """Prepares `name` ("mnist", "smallnorb") under `data_dir`; returns its folder.

    What would make TFDS fail after minutes of retries is looked for first. Raises UserError for:
    an unknown name, no TensorFlow, or raw files that are neither here nor to be reached.
    """
    import tensorflow_datasets as tfds

    tfds_source.check_known(name)
    if importlib.util.find_spec("tensorflow") is None:
        raise UserError(tfds_source.without_tensorflow(name, data_dir))
    root = local_path(data_dir, "--data_dir")
    downloads = local_path(download_dir or root / "downloads", "--download_dir")
    manual = local_path(manual_dir, "--manual_dir") if manual_dir else None
    builder = tfds.builder(name, data_dir=root, file_format="array_record")
    tfds_downloads.check(builder, downloads, manual)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".extracted-", dir=root) as extracted:
        config = tfds.download.DownloadConfig(extract_dir=extracted, manual_dir=manual)
        builder.download_and_prepare(download_dir=downloads, download_config=config)
    return Path(builder.data_dir)


def main(argv: Sequence[str] | None = None) -> int:
    """The command; 0, or 2 after one sentence on stderr."""
    parser = argparse.ArgumentParser("jaxgen.data.prepare", description="Prepares a TFDS data set.")
    parser.add_argument("name", help='TFDS name, such as "mnist" or "smallnorb"')
    parser.add_argument("--data_dir", default=tfds_source.default_dir(), help="%(default)s")
    parser.add_argument("--download_dir", help="raw files, default DATA_DIR/downloads")
    parser.add_argument("--manual_dir", help="raw files under their own names")
    args = parser.parse_args(argv)
    try:
        print(prepare(args.name, args.data_dir, args.download_dir, args.manual_dir))
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
