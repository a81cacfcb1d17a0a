"""Files of codes, an .npz of `code` f32[n,m] and perhaps `name`."""

from pathlib import Path

import numpy as np

from jaxgen.core.errors import UserError, reason


def read(path: str | Path, size: int) -> np.ndarray:
    """Codes f32[n,size] of an .npz that has an array `code`, given for --input.

    Raises UserError for another file, other sizes, and for codes that are not finite.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise UserError(f"--input={path} must end in .npz: codes, such as --mode=encode writes.")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            code = arrays.get("code")
    except Exception as error:  # damaged archives raise whatever there is
        raise UserError(f"--input={path} cannot be read ({reason(error)}).") from error
    if code is None:
        raise UserError(f"--input={path} has no array called code, of shape [n,{size}].")
    if code.dtype.kind not in "fiu" or code.ndim != 2 or code.shape[1] != size or not len(code):
        raise UserError(
            f"The codes of --input={path} are {code.dtype}{list(code.shape)}; this run's are "
            f"numbers of shape [n,{size}], n at least 1."
        )
    with np.errstate(over="ignore"):  # too large for it is infinite, see below
        code = code.astype(np.float32)
    if not np.isfinite(code).all():
        raise UserError(f"The codes of --input={path} are not all finite, as numbers of 32 bits.")
    return code
