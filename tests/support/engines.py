"""Engines that misbehave: TensorFlow Lite Micro's session behind a line of Python that does something first."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edgewright.pipeline.interpreters import Engine, Resolver

MODULE = """
import os, signal, sys, time
from edgewright.pipeline.interpreters import tflm

class Session(tflm.TflmSession):
    def outputs(self):
        outputs = super().outputs()
        {on_outputs}
        return outputs

def open_session(tflite, options):
    {on_open}
    return Session(tflite, options)
"""

EngineMaker = Callable[..., Engine]


def odd_engine(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, on_open: str = "pass", on_outputs: str = "pass", name: str = "odd"
) -> Engine:
    """Make an engine that does what a line of Python says, and then what TensorFlow Lite Micro does.

    Args:
        folder: takes the engine's module.
        monkeypatch: lets workers find it.
        on_open: a statement that may use `tflite` and `options`.
        on_outputs: a statement that may use `outputs`.
        name: of the engine.
    """
    (folder / f"{name}_engine.py").write_text(MODULE.format(on_open=on_open, on_outputs=on_outputs))
    path = os.environ.get("PYTHONPATH", "")
    if str(folder) not in path.split(os.pathsep):
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(folder), path))))
    return Engine(
        name=name,
        title=name.capitalize(),
        module=f"{name}_engine",
        distribution="tflite-micro",
        runtime_module="tflite_micro.python.tflite_micro.runtime",
        install="pip install tflite-micro",
        resolvers=(Resolver.REFERENCE,),
    )
