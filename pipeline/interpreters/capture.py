"""What native code prints to the C standard error, caught at the file descriptor."""

from __future__ import annotations

import os
import sys
import tempfile
from types import TracebackType

_STDERR = 2


class StderrCapture:
    """A context in which everything written to file descriptor 2 is kept instead of shown.

    >>> with StderrCapture() as captured:
    ...     _ = os.write(2, b"from C")
    >>> captured.text
    'from C'
    """

    text: str = ""
    """What was printed, bytes that are no UTF-8 replaced; known when the context has ended."""

    def __enter__(self) -> StderrCapture:
        sys.stderr.flush()
        self._file = tempfile.TemporaryFile()
        self._saved = os.dup(_STDERR)
        os.dup2(self._file.fileno(), _STDERR)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.stderr.flush()
        os.dup2(self._saved, _STDERR)
        os.close(self._saved)
        with self._file:
            self._file.seek(0)
            self.text = self._file.read().decode(errors="replace")
