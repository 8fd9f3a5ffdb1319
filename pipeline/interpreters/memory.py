"""The peak of this process's resident memory from a moment on, as Linux tells it."""

from __future__ import annotations

from pathlib import Path

from edgewright.pipeline.interpreters.types import MemoryUse

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"


class PeakMemory:
    """The most memory that the process had since this object was made."""

    def __init__(self) -> None:
        """Start again at what the process has now, where the system can do that."""
        self._base_bytes: int | None = None
        try:
            _CLEAR.write_text(_RESET_PEAK)
            self._base_bytes = _read_status("VmRSS")
        except (OSError, ValueError):
            return

    def measure(self) -> MemoryUse | None:
        """Return what the process had at the start, and the most since; None where the system does not tell."""
        if self._base_bytes is None:
            return None
        return MemoryUse(base_bytes=self._base_bytes, peak_bytes=_read_status("VmHWM"))


def _read_status(field: str) -> int:
    """Return a field of the process's status in bytes.

    Raises:
        ValueError: there is no such field.
    """
    for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
        name, _, figure = line.partition(":")
        if name == field:
            return int(figure.split()[0]) * 1024
    raise ValueError(f"{_STATUS} has no {field}")
