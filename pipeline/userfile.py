"""Functions in a user's own Python file, named as `file.py:function`."""

from __future__ import annotations

import importlib.util
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgewright.pipeline.digest import digest_file
from edgewright.pipeline.errors import BadInputError, EdgewrightError, nearest
from edgewright.pipeline.frameworks import prepare_environment

LONGEST_REASON = 300


@dataclass(frozen=True, kw_only=True)
class UserFunction:
    """A function in a user's file; the file runs only when the function is called or looked up."""

    path: Path
    name: str

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return digest_file(self.path)

    def __str__(self) -> str:
        return f"{self.path}:{self.name}"

    def load(self, error_class: type[EdgewrightError]) -> Callable[..., object]:
        """Run the file and return the function.

        Raises:
            EdgewrightError: of the given class: the file fails, or has no such function.
        """
        function = self._attribute(self.name, error_class)
        if not callable(function):
            names = [name for name, value in vars(self._module(error_class)).items() if callable(value)]
            raise error_class(f'{self.path} has no function "{self.name}"; {nearest(self.name, names)}.')
        return function

    def load_optional(self, suffix: str, error_class: type[EdgewrightError]) -> Callable[..., object] | None:
        """Return the companion function `<name><suffix>`, or None where the file has none."""
        function = self._attribute(self.name + suffix, error_class)
        return function if callable(function) else None

    def call(self, function: Callable[..., object], error_class: type[EdgewrightError], *arguments: object) -> object:
        """Call a function of the file; whatever it raises becomes one sentence.

        Raises:
            EdgewrightError: of the given class.
        """
        try:
            return function(*arguments)
        except EdgewrightError:
            raise
        except (Exception, SystemExit) as error:
            raise error_class(f"{self} raised {_in_one_line(error)}; mend the function.") from error

    def _attribute(self, name: str, error_class: type[EdgewrightError]) -> object:
        return getattr(self._module(error_class), name, None)

    def _module(self, error_class: type[EdgewrightError]) -> object:
        module_name = f"edgewright_user_{self.digest[:16]}"
        if module_name in sys.modules:
            return sys.modules[module_name]
        spec = importlib.util.spec_from_file_location(module_name, self.path)
        if spec is None or spec.loader is None:
            raise error_class(f"{self.path} is not a Python file; name one as file.py:function.")
        prepare_environment()
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        sys.path.insert(0, str(self.path.parent))
        try:
            spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:
            del sys.modules[module_name]
            raise error_class(f"{self.path} fails when it is run: {_in_one_line(error)}.") from error
        finally:
            sys.path.remove(str(self.path.parent))
        return module


def _in_one_line(error: BaseException) -> str:
    """Return an error's class and the beginning of its text without line breaks."""
    return textwrap.shorten(f"{type(error).__name__}: {error}", LONGEST_REASON, placeholder=" …").removesuffix(":")


def parse_user_function(text: str, base: Path, option: str) -> UserFunction | None:
    """Read `file.py:function`; a relative path counts from `base`.

    Args:
        text: what the user wrote.
        base: the folder that a relative path counts from.
        option: what the text was given for, for the error message.

    Returns:
        The function's name and file, or None where the text is a plain path.

    Raises:
        BadInputError: the file does not exist.
    """
    path_text, separator, name = text.rpartition(":")
    if not separator or not path_text.endswith(".py") or not name.isidentifier():
        return None
    path = base / path_text
    if not path.is_file():
        raise BadInputError(f"{option}: {path} does not exist; give the path of a Python file as file.py:function.")
    return UserFunction(path=path, name=name)
