"""The prefix of every name that a firmware's library defines, so that two models can live in one firmware.

Templates are written with the default one. It is replaced in their text before they are rendered: names, macros, file
names and paths change, and what a user wrote (labels, model and layer names) cannot.
"""

from __future__ import annotations

import re

from edgewright.pipeline.emission.filters import RESERVED_WORDS
from edgewright.pipeline.errors import TargetError
from edgewright.pipeline.vocabulary import DEFAULT_PREFIX

LONGEST_PREFIX = 24

_NAME = re.compile(rf"{DEFAULT_PREFIX}(?=[_/]|$)")
_MACRO = re.compile(rf"{DEFAULT_PREFIX.upper()}(?=_)")


def check_prefix(prefix: str) -> str:
    """Return the prefix.

    Raises:
        TargetError: it cannot begin a name in C or C++, or a macro.

    >>> check_prefix("kws")
    'kws'
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", prefix) or len(prefix) > LONGEST_PREFIX:
        raise TargetError(
            f'Prefix "{prefix}": names in C cannot begin with that; give at most {LONGEST_PREFIX} lower-case letters, '
            f"digits and single underscores, a letter first, such as kws."
        )
    if prefix in RESERVED_WORDS:
        raise TargetError(f'Prefix "{prefix}" is a word of C or C++; give another one, such as {prefix}_model.')
    return prefix


def with_prefix(text: str, prefix: str) -> str:
    """Return a template's text, or a path, with the prefix in place of the default one.

    >>> with_prefix("edgewright/edgewright_model.c: EDGEWRIGHT_OK of edgewright 1.0", "kws")
    'kws/kws_model.c: KWS_OK of edgewright 1.0'
    """
    return _MACRO.sub(prefix.upper(), _NAME.sub(prefix, text))
