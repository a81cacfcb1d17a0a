"""TensorBoard's file of a run, written and flushed by whoever logs.

tensorboardX's own SummaryWriter hands events to a thread: on a full disk that dies, and the queue
before it then blocks training for ever.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


class Events:
    """Scalars and pictures in FOLDER/events.out.tfevents.*; every method raises OSError.

    first_step: what TensorBoard has from this step on, of runs before in the folder, it drops.
    """

    def __init__(self, folder: Path, first_step: int):
        # With protobuf: not for those who only read metrics.
        from tensorboardX import event_file_writer, summary
        from tensorboardX.proto import event_pb2

        messages: Any = event_pb2
        self._event, self._summary = messages.Event, summary
        start = messages.SessionLog(status=messages.SessionLog.START)
        folder.mkdir(parents=True, exist_ok=True)
        # A name that a run started in the same second does not have.
        self._file = event_file_writer.EventsWriter(
            str(folder / "events"), f".{os.getpid()}.{first_step}"
        )
        self._add(first_step, file_version="brain.Event:2")
        self._add(first_step, session_log=start)
        self._file.flush()

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """One value of each name."""
        for name, value in values.items():
            self._add(step, summary=self._summary.scalar(name, value))
        self._file.flush()

    def image(self, step: int, name: str, array: np.ndarray) -> None:
        """A picture u8[h,w,c]."""
        self._add(step, summary=self._summary.image(name, array, dataformats="HWC"))
        self._file.flush()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _add(self, step: int, **content: Any) -> None:
        self._file.write_event(self._event(step=step, wall_time=time.time(), **content))
