"""Every error that edgewright raises on purpose, and the exit status that each one ends in.

    EdgewrightError                   never raised itself
    ├── BadInputError                 2  something the user gave cannot be used
    │   ├── RecipeError               2  a recipe: syntax, unknown key, stages in an impossible order
    │   ├── TargetError               2  a target, firmware family or core: unknown, or its facts are broken
    │   ├── ModelError                2  a Keras model: unreadable, unsupported or untrusted
    │   │   └── DivergedError         2  training became NaN: the settings do not suit the model
    │   ├── DataError                 2  data: missing, misshapen, not finite, or a pickle
    │   ├── TfliteError               2  a .tflite: malformed, hostile, or not what the command needs
    │   └── OutputError               2  an output folder: not ours, or holding files that the user edited
    ├── ToolError                     2  a program or package that is needed is missing or failed
    │   ├── InterpreterError          2  an interpreter refused the model, crashed or timed out
    │   ├── CompilerError             2  a compiler refused a source, or the program does not fit the memory
    │   ├── EmulatorError             2  a program crashed or hung under an emulator, or the emulator gave up
    │   └── BoardError                2  a board cannot be reached, stopped answering, restarted or disappeared
    ├── DoesNotFitError               3  the result is over the budget or does not fit the target
    ├── RegressionError               4  a comparison found a figure that became worse
    └── HazardError                   5  a model has what will not run on a target, or is computed wrongly there

Each message is one sentence or two: what was wrong, the value, what is accepted, and what to do next.
The command line prints it without a traceback and exits with the status of its class.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum


class ExitStatus(IntEnum):
    """The exit statuses of the `edgewright` command; there are no others but 1, which is a defect of edgewright."""

    OK = 0
    BAD_INPUT = 2
    DOES_NOT_FIT = 3
    REGRESSION = 4
    HAZARD = 5


class EdgewrightError(Exception):
    """Base of every error that edgewright raises on purpose."""

    exit_status: ExitStatus = ExitStatus.BAD_INPUT


class BadInputError(EdgewrightError):
    """Something the user gave cannot be used."""


class RecipeError(BadInputError):
    """A recipe cannot be used."""


class TargetError(BadInputError):
    """A target, firmware family or core is unknown, or its facts are broken."""


class ModelError(BadInputError):
    """A Keras model is unreadable, unsupported or untrusted."""


class DivergedError(ModelError):
    """Training became NaN: the settings do not suit the model."""


class DataError(BadInputError):
    """Data is missing, misshapen, not finite, or holds a pickle."""


class TfliteError(BadInputError):
    """A `.tflite` is malformed, hostile, or not what the command needs."""


class OutputError(BadInputError):
    """An output folder is not ours, or holds files that the user edited."""


class ToolError(EdgewrightError):
    """A program or package that is needed is missing or failed."""


class InterpreterError(ToolError):
    """An interpreter refused the model, crashed or timed out."""

    log: str = ""
    """What it printed, where it refused the model."""


class CompilerError(ToolError):
    """A compiler refused a source, or the program does not fit the core's memory."""


class EmulatorError(ToolError):
    """A program crashed or hung under an emulator, or the emulator gave up."""


class BoardError(ToolError):
    """A board cannot be reached, stopped answering, restarted or disappeared."""


class DoesNotFitError(EdgewrightError):
    """The result is over the budget or does not fit the target."""

    exit_status = ExitStatus.DOES_NOT_FIT


class RegressionError(EdgewrightError):
    """A comparison found a figure that became worse."""

    exit_status = ExitStatus.REGRESSION


class HazardError(EdgewrightError):
    """A model has what will not run on a target, or is computed wrongly there."""

    exit_status = ExitStatus.HAZARD


def nearest(name: str, accepted: Iterable[str]) -> str:
    """Say which accepted names come nearest to a wrong one, for the end of an error message.

    Args:
        name: what the user wrote.
        accepted: the names that would have been right.

    Returns:
        `did you mean "esp32"? Accepted: esp32, host`, or only the second part where nothing is near.

    >>> nearest("esp23", ["esp32", "host"])
    'did you mean "esp32"? Accepted: esp32, host'
    """
    names = sorted(accepted)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    question = f'did you mean "{close[0]}"? ' if close else ""
    return f"{question}Accepted: {', '.join(names)}"
