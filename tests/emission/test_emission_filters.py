"""Filters: any text comes through every language of the generated files."""

from __future__ import annotations

import doctest
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from edgewright.pipeline.emission import filters
from edgewright.pipeline.emission.filters import (
    JVM_RESERVED_WORDS,
    RESERVED_WORDS,
    c_comment,
    c_identifier,
    c_string,
    cmake_string,
    java_package,
    kotlin_string,
    markdown_text,
    package_name,
    xml_comment,
    yaml_string,
)

NASTY = (
    "", '"', "\\", "\\\\n", "${HOME} $ENV{PATH} @VAR@", "*/", "/*", "//", "??/", "??=", "a\nb\r\nc\td", "\x00" "1",
    "größer 日本語 🦫", "\u202eevil\u2066", "class", "int main(void)", "'; rm -rf", "]]", "[=[", "a;b", "%s %n", "\\",
    "\x7f\x80\xff", "#define X", "{{ jinja }} {% raw %}", "<b>&amp;", "\ud800", "  ", "a" * 300,
)  # fmt: skip
MIXED = st.text() | st.text(alphabet='"\\?*/${}@;#\n\r\0=<>[]0a', max_size=30)


def decode_c(literal: str) -> bytes:
    """Return what a C compiler makes of a string literal of printable ASCII."""
    assert (literal[0], literal[-1]) == ('"', '"')
    found = bytearray()
    for escape, plain in re.findall(r"\\([0-7]{3}|.)|([^\\])", literal[1:-1]):
        found += bytes([int(escape, 8)]) if len(escape) == 3 else (escape or plain).encode("ascii")
    return bytes(found)


def decode_kotlin(literal: str) -> str:
    """Return what a Kotlin compiler makes of a string literal of printable ASCII without templates."""
    assert (literal[0], literal[-1]) == ('"', '"')
    units = bytearray()
    for code, escape, plain in re.findall(r"\\u([0-9a-f]{4})|\\([\\\"$])|([^\\\"$])", literal[1:-1]):
        units += bytes.fromhex(code) if code else (escape or plain).encode("utf-16-be")
    return units.decode("utf-16-be")


def test_doctests() -> None:
    """The filters' own examples hold."""
    assert 0 == doctest.testmod(filters).failed


@given(MIXED)
def test_c_string_reads_back(text: str) -> None:
    """A C string literal is one line of printable ASCII without a trigraph, and means the text's UTF-8."""
    literal = c_string(text)
    assert literal.isascii()
    assert literal.isprintable()
    assert "??" not in literal
    assert re.fullmatch(r'"(\\.|[^"\\])*"', literal)
    assert text.encode() == decode_c(literal)


@given(MIXED)
def test_c_identifier_is_valid(text: str) -> None:
    """An identifier is one in C, in C++ and in Python, and reserved nowhere."""
    name = c_identifier(text)
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name)
    assert "__" not in name
    assert name not in RESERVED_WORDS


@pytest.mark.parametrize("word", sorted(RESERVED_WORDS))
def test_c_identifier_renames_reserved_words(word: str) -> None:
    """A keyword of C or C++ becomes another identifier."""
    assert f"{word}_" == c_identifier(word)


@given(MIXED)
def test_c_comment_stays_inside(text: str) -> None:
    """A comment is one line that neither ends nor nests the comment, hides no trigraph and continues no line."""
    comment = c_comment(text)
    assert not comment or comment.isprintable()
    for forbidden in ("*/", "/*", "??"):
        assert forbidden not in comment
    assert not comment.endswith("\\")


@given(MIXED)
def test_yaml_string_reads_back(text: str) -> None:
    """A YAML parser reads the text back."""
    assert {"key": text} == yaml.safe_load(f"key: {yaml_string(text)} # comment\n")


@given(MIXED)
def test_kotlin_string_reads_back(text: str) -> None:
    """A Kotlin literal is one line of printable ASCII that opens no template, and means the text."""
    literal = kotlin_string(text)
    assert literal.isascii()
    assert literal.isprintable()
    assert re.fullmatch(r'"(\\(u[0-9a-f]{4}|[\\"$])|[^\\"$])*"', literal)
    assert text == decode_kotlin(literal)


@given(MIXED)
def test_java_package_is_valid(text: str) -> None:
    """A package is one in Java and in Kotlin, in lower case, and no part of it is reserved."""
    root, owner, name = java_package(text).split(".")
    assert ("dev", "edgewright", package_name(text)) == (root, owner, name)
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert name not in JVM_RESERVED_WORDS


@pytest.mark.parametrize("word", sorted(JVM_RESERVED_WORDS))
def test_package_name_renames_reserved_words(word: str) -> None:
    """A keyword of Java or Kotlin becomes another name."""
    assert f"{word}_" == package_name(word)


@given(MIXED)
def test_xml_comment_stays_inside(text: str) -> None:
    """An XML parser takes the comment, finds nothing behind it, and the comment is one line."""
    comment = xml_comment(text)
    assert not comment or comment.isprintable()
    parsed = ElementTree.fromstring(f"<!-- {comment} --><root />".encode())  # noqa: S314
    assert ("root", 0, None) == (parsed.tag, len(parsed), parsed.text)


@given(MIXED)
def test_markdown_text_is_one_line(text: str) -> None:
    """Markdown shows one line, with nothing left that could start a tag, link, code or table cell."""
    line = markdown_text(text)
    assert not line or line.isprintable()
    assert not re.search(r"(?<!\\)(\\\\)*[`*_\[\]<>|&$]", line)


def test_lone_surrogates_become_question_marks() -> None:
    """Text that UTF-8 cannot hold does not stop an emission."""
    assert ('"\\?"', '"?"', '"?"') == (c_string("\ud800"), cmake_string("\ud800"), yaml_string("\ud800"))


def test_c_compiler_reads_strings_back(cc: Callable[..., Path], tmp_path: Path) -> None:
    """The C compiler itself, trigraphs on, finds in every literal the bytes of the text, NUL included."""
    lines = [f"    PUT({c_string(text)}); /* {c_comment(text)} */" for text in NASTY]
    source = tmp_path / "strings.c"
    source.write_text(
        "#include <stdio.h>\n#define PUT(text) (void)fwrite(text, 1, sizeof(text), stdout)\n"
        "int main(void) {\n" + "\n".join(lines) + "\n    return 0;\n}\n"
    )
    output = subprocess.run([cc([source])], capture_output=True, check=True).stdout
    assert b"".join(text.encode(errors="replace") + b"\0" for text in NASTY) == output


def test_cmake_reads_strings_back(tmp_path: Path) -> None:
    """CMake itself finds in every quoted argument the text; NUL alone is replaced."""
    cmake = shutil.which("cmake")
    if cmake is None:
        pytest.skip("no cmake: install it (Debian: apt install cmake)")
    script = tmp_path / "strings.cmake"
    lines = [f'file(APPEND out.txt {cmake_string(text)} "\\n--\\n") # {c_comment(text)}' for text in NASTY]
    script.write_text("cmake_minimum_required(VERSION 3.16)\n" + "\n".join(lines) + "\n", encoding="utf-8")
    subprocess.run([cmake, "-P", script.name], cwd=tmp_path, check=True)
    expected = "".join(
        text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}") + "\n--\n" for text in NASTY
    )
    assert expected == (tmp_path / "out.txt").read_bytes().decode()
