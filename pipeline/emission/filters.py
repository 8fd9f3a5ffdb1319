"""Jinja2 filters that bring any text a user may write (labels, model and layer names) safely into generated files.

Each filter returns a complete, valid piece of its language; `FILTERS` is the one list that the templates see.
"""

from __future__ import annotations

import re
from collections.abc import Callable

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_RESERVED = """
    alignas alignof and and_eq asm atomic_cancel atomic_commit atomic_noexcept auto bitand bitor bool break case catch
    char char8_t char16_t char32_t class co_await co_return co_yield compl concept const const_cast consteval constexpr
    constinit continue decltype default delete do double dynamic_cast else enum explicit export extern false float for
    friend goto if inline int long main mutable namespace new noexcept not not_eq nullptr operator or or_eq private
    protected public reflexpr register reinterpret_cast requires restrict return short signed sizeof static
    static_assert static_cast struct switch synchronized template this thread_local throw true try typedef typeid
    typename typeof typeof_unqual union unsigned using virtual void volatile wchar_t while xor xor_eq
"""
RESERVED_WORDS = frozenset(_RESERVED.split())
"""Words of C99 to C23 and of C++20 that may not become an identifier."""
_JVM_RESERVED = """
    abstract as assert boolean break byte case catch char class const continue default do double else enum extends false
    final finally float for fun goto if implements import in instanceof int interface is long native new null object
    package private protected public return short static strictfp super switch synchronized this throw throws transient
    true try typealias typeof val var void volatile when while
"""
JVM_RESERVED_WORDS = frozenset(_JVM_RESERVED.split())
"""Words of Java and Kotlin that no part of a package's name may be."""
PACKAGE_ROOT = "dev.edgewright"
ARDUINO_NAME_LENGTH = 63
MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&$])")


def c_string(text: str) -> str:
    r"""Return a C and C++ string literal that holds the text in UTF-8.

    Everything but printable ASCII becomes an octal escape of three digits, which cannot swallow a digit that follows;
    a question mark is escaped, so that no trigraph can arise.

    >>> print(c_string('a "b" ??= ü'))
    "a \"b\" \?\?= \303\274"
    >>> print(c_string("1\n2\0" "3"))
    "1\0122\0003"
    """
    return '"' + "".join(_c_byte(byte) for byte in text.encode("utf-8", errors="replace")) + '"'


def c_identifier(text: str) -> str:
    """Return an identifier that is valid in C and C++, as near to the text as possible and never reserved.

    >>> c_identifier("conv2d/1: naïve"), c_identifier("3 bears"), c_identifier("class"), c_identifier("*/")
    ('conv2d_1_na_ve', 'n3_bears', 'class_', 'unnamed')
    """
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
    if not name:
        return "unnamed"
    if name[0].isdigit():
        name = f"n{name}"
    return f"{name}_" if name in RESERVED_WORDS else name


def package_name(text: str) -> str:
    """Return the last part of a Java package's name: lower case, as near to the text as possible, never reserved.

    >>> package_name("My Model: größe 3"), package_name("Fun"), package_name("3 bears")
    ('my_model_gr_e_3', 'fun_', 'n3_bears')
    """
    name = c_identifier(text.lower())
    return f"{name}_" if name in JVM_RESERVED_WORDS else name


def java_package(text: str) -> str:
    """Return the package of what is generated for a model of that name.

    >>> java_package("Door bell")
    'dev.edgewright.door_bell'
    """
    return f"{PACKAGE_ROOT}.{package_name(text)}"


def kotlin_string(text: str) -> str:
    r"""Return a Kotlin string literal in plain ASCII, without templates; also one of a Gradle script.

    >>> print(kotlin_string('a "b" ${c} ü\n'))
    "a \"b\" \${c} \u00fc\u000a"
    """
    return '"' + "".join(_kotlin_character(character) for character in _encodable(text)) + '"'


def xml_comment(text: str) -> str:
    r"""Return the text as one line that can stand in an XML or HTML comment, which two hyphens would end.

    >>> print(xml_comment("a --> b\x0c-"))
    a - -> b -.
    """
    line = re.sub(r"-(?=-)", "- ", _xml_characters(one_line(text)))
    return f"{line}." if line.endswith("-") else line


def one_line(text: str) -> str:
    r"""Return the text with a space in place of each character that does not print.

    Those are line ends, NUL and the like, and marks that turn the direction of writing.

    >>> one_line("a\nb")
    'a b'
    """
    return "".join(character if character.isprintable() else " " for character in text)


def one_word(text: str) -> str:
    r"""Return the text as a word that any console shows: printable ASCII without a blank, never empty.

    >>> one_word("block 1/größe"), one_word("")
    ('block_1/gr__e', '_')
    """
    return "".join(character if "!" <= character <= "~" else "_" for character in text) or "_"


def c_comment(text: str) -> str:
    r"""Return the text as one line that can stand in a C, C++, CMake, YAML or Kconfig comment.

    What would end or nest a C comment, or could be a trigraph, is torn apart; a backslash never ends the line.

    >>> print(c_comment('end */ of ??/ line\n#include <evil>'))
    end * / of ? ?/ line #include <evil>
    >>> print(c_comment("tail\\"))
    tail\.
    """
    line = re.sub(r"\*(?=/)|/(?=\*)|\?(?=\?)", r"\g<0> ", one_line(text))
    return f"{line}." if line.endswith("\\") else line


def cmake_string(text: str) -> str:
    r"""Return a quoted CMake argument; NUL, which CMake cannot hold, becomes U+FFFD.

    >>> print(cmake_string('a "b" ${HOME} c\\d'))
    "a \"b\" \${HOME} c\\d"
    """
    escapes = {"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": REPLACEMENT}
    return '"' + "".join(escapes.get(character, character) for character in _encodable(text)) + '"'


def arduino_library(text: str, prefix: str) -> str:
    """Return what a model's library is called, by Arduino's specification: letters, digits and `_`, at most 63 of them.

    >>> arduino_library("model of größe 3!", "kws"), len(arduino_library("x" * 100, "kws"))
    ('kws_model_of_gr_e_3', 63)
    """
    return c_identifier(f"{prefix} {text}")[:ARDUINO_NAME_LENGTH].rstrip("_")


def yaml_string(text: str) -> str:
    r"""Return a double-quoted YAML scalar in plain ASCII.

    >>> print(yaml_string('a: "b" # ü\n'))
    "a: \"b\" # \xfc\x0a"
    """
    return '"' + "".join(_yaml_character(character) for character in _encodable(text)) + '"'


def markdown_text(text: str) -> str:
    r"""Return one line of Markdown that shows the text as it is.

    >>> print(markdown_text("my_model* <b>"))
    my\_model\* \<b\>
    """
    return MARKDOWN_SPECIAL.sub(r"\\\1", one_line(text))


def _c_byte(byte: int) -> str:
    character = chr(byte)
    if character in '"\\?':
        return f"\\{character}"
    return character if 0x20 <= byte < 0x7F else f"\\{byte:03o}"


def _yaml_character(character: str) -> str:
    code = ord(character)
    if character in '"\\':
        return f"\\{character}"
    if 0x20 <= code < 0x7F:
        return character
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _kotlin_character(character: str) -> str:
    if character in '"\\$':
        return f"\\{character}"
    if 0x20 <= ord(character) < 0x7F:
        return character
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))


def _xml_characters(text: str) -> str:
    """Return the text with U+FFFD for what XML 1.0 cannot hold."""
    return re.sub(r"[^\x09\x0a\x0d\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", REPLACEMENT, text)


def _encodable(text: str) -> str:
    return text.encode("utf-8", errors="replace").decode("utf-8")


FILTERS: dict[str, Callable[..., str]] = {
    "c_string": c_string,
    "c_identifier": c_identifier,
    "c_comment": c_comment,
    "one_line": one_line,
    "arduino_library": arduino_library,
    "kotlin_string": kotlin_string,
    "xml_comment": xml_comment,
    "cmake_string": cmake_string,
    "yaml_string": yaml_string,
    "markdown_text": markdown_text,
}
