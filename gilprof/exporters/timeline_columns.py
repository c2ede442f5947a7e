"""Arrays as a page carries them: in the smallest type that holds them, deflated, in base64."""

from __future__ import annotations

import base64
import zlib

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.integer]
_WHOLE = (np.dtype("<u1"), np.dtype("<u2"), np.dtype("<u4"))
"""Those that scripts have arrays of; what is larger becomes a float64, which is exact below 2**53."""
_LEVEL = 5


def column(values: Numbers) -> dict[str, str]:
    """Whole numbers from 0 on."""
    most = int(values.max(initial=0))
    dtype = next((dtype for dtype in _WHOLE if most < 1 << (8 * dtype.itemsize)), np.dtype("<f8"))
    packed = zlib.compress(values.astype(dtype).tobytes(), _LEVEL)
    return {"type": dtype.str[1:], "data": base64.b64encode(packed).decode()}
