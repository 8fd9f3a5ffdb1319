"""The smallest data that can be used: four training samples of three classes."""

from __future__ import annotations

import numpy as np
from support.digits import Arrays

SMALL: Arrays = {
    "x_train": np.arange(12, dtype=np.float32).reshape(4, 3),
    "y_train": np.array([0, 1, 2, 0]),
    "x_test": np.ones((2, 3), np.float32),
    "y_test": np.array([2, 1]),
}
