"""Data that is larger than the memory it may take."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from support.command import python

pytestmark = pytest.mark.slow

ROWS, ROW_SHAPE = 1500, (320, 320)  # 614 MB as float32
LIMIT_MIB = 200
PROGRAM = """\
import resource, sys
from pathlib import Path
limit = int(sys.argv[1]) << 20
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
import numpy as np
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.data import DataSettings, open_data
from edgewright.pipeline.preprocessing import Preprocessing

settings = DataSettings(preprocessing=(Preprocessing(normalization="train"),))
source = open_data("large.npz", Path(), Cache(root=Path("cache")), settings)
peak_kib = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
data = source.load()
print(len(data.train), len(data.validation), len(data.test), peak_kib // 1024)
print(sum(float(data.train.x[0][row].mean(dtype=np.float64)) for row in range(len(data.train))) / len(data.train))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts no mapped files on Linux alone")
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "compressed"])
def test_data_larger_than_memory(tmp_path: Path, compression: int) -> None:
    """600 MB of samples are normalized, divided and mapped by a process that may take 200 MB of memory."""
    row = np.random.default_rng(1).integers(0, 9, ROW_SHAPE).astype(np.float32)
    with zipfile.ZipFile(tmp_path / "large.npz", "w", compression, compresslevel=1) as archive:
        for name, count in (("x_train", ROWS), ("x_test", 2)):
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                header = {"descr": "<f4", "fortran_order": False, "shape": (count, *ROW_SHAPE)}
                np.lib.format.write_array_header_1_0(stream, header)
                for index in range(count):
                    stream.write((row + index).tobytes())
    finished = python(PROGRAM, str(LIMIT_MIB), cwd=tmp_path, OPENBLAS_NUM_THREADS="1")
    assert "" == finished.stderr
    sizes, mean = finished.stdout.splitlines()
    *counts, peak_mib = map(int, sizes.split())
    assert [1350, 150, 2] == counts
    assert abs(float(mean)) < 1e-5
    assert peak_mib < LIMIT_MIB
