"""Arrays as they are passed around: columns of facts and of what follows from them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]
"""Numbers of rows, ids, counts, or whole nanoseconds."""
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ns = npt.NDArray[np.float64]
"""Nanoseconds of observed time, as float64 (exact below 2**53)."""
Ids = npt.NDArray[np.int32]
