"""The prefix of generated names: two models in one firmware."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.families import FIRMWARES

from edgewright.pipeline.emission.filters import RESERVED_WORDS
from edgewright.pipeline.emission.prefix import LONGEST_PREFIX, check_prefix, with_prefix
from edgewright.pipeline.errors import TargetError
from edgewright.pipeline.target import load_family
from edgewright.pipeline.vocabulary import DEFAULT_PREFIX, EmissionModel, Runtime

HERE = Path(__file__).parent
MINE = re.compile(r"(?i)edgewright[_/]|edgewright(?=\)| STATIC| PUBLIC)")
"""What would be left of the default prefix: a name that begins with it, a path, or a library in CMake."""

Emit = Callable[..., Mapping[str, bytes]]
Compile = Callable[..., Path]


@pytest.mark.parametrize(("family", "runtime"), FIRMWARES)
def test_no_name_keeps_the_default(family: str, runtime: Runtime, tiny: EmissionModel, emit: Emit) -> None:
    """With a prefix, no path, name or macro of a family's tree has the default one any more."""
    tree = emit(replace(tiny, prefix="kws"), family, runtime=runtime)
    assert tuple(sorted(tree)) == tuple(
        sorted(with_prefix(path, "kws") for path in emit(tiny, family, runtime=runtime))
    )
    for path, content in tree.items():
        assert (path, []) == (path, MINE.findall(f"{path}\n{content.decode()}"))
    folder = with_prefix(load_family(family).library_folder, "kws")
    assert b"kws_invoke" in tree[f"{folder}/kws_model.h"]
    assert b"define KWS_LABEL_COUNT" in tree[f"{folder}/kws_model.h"]


@pytest.mark.parametrize(("family", "runtime"), FIRMWARES)
def test_prefix_changes_names_alone(family: str, runtime: Runtime, tiny: EmissionModel, emit: Emit) -> None:
    """Given back its default prefix, a tree is the one without a prefix, but for the order of a few lists."""
    tree = emit(replace(tiny, prefix="qzx"), family, runtime=runtime)
    for path, content in emit(tiny, family, runtime=runtime).items():
        renamed = re.sub(r"qzx(?=\W|_)", DEFAULT_PREFIX, tree[with_prefix(path, "qzx")].decode())
        again = re.sub(r"QZX(?=_)", DEFAULT_PREFIX.upper(), renamed)
        assert (path, sorted(content.decode().split())) == (path, sorted(again.split()))


def test_text_of_users_is_kept(tiny: EmissionModel, emit: Emit) -> None:
    """A label, a model or a tensor that is called as the default prefix keeps its name."""
    labels = ("edgewright_model", "EDGEWRIGHT_OK", "edgewright/x")
    tree = emit(replace(tiny, prefix="kws", labels=labels, name="edgewright_model"), "cmake")
    metadata = tree["kws/kws_metadata.c"].decode()
    assert all(f'"{label}"' in metadata for label in labels)
    assert b'#define KWS_MODEL_NAME "edgewright_model"' in tree["kws/kws_model.h"]


def test_two_models_share_no_symbol(tiny: EmissionModel, tiny_float: EmissionModel, emit: Emit, tmp_path: Path) -> None:
    """The C of two models with two prefixes defines no name twice, and links into one program that runs both."""
    compiler, nm = shutil.which("cc"), shutil.which("nm")
    if compiler is None or nm is None:
        pytest.skip("no C compiler: install one (Debian: apt install gcc)")
    objects = []
    for prefix, model in (("kws", tiny), ("vww_96", tiny_float)):
        folder = tmp_path / prefix
        folder.mkdir()
        for path, content in emit(replace(model, prefix=prefix), "cmake").items():
            if path.startswith(f"{prefix}/") and not path.endswith(".cc"):
                (folder / Path(path).name).write_bytes(content)
        (folder / "fake_model.c").write_text(with_prefix((HERE / "fake_model.c").read_text(), prefix))
        for source in sorted(folder.glob("*.c")):
            built = source.with_suffix(".o")
            flags = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror", "-c")
            subprocess.run([compiler, *flags, str(source), "-o", str(built)], check=True)
            objects.append(built)
    listed = subprocess.run(
        [nm, "--defined-only", "--extern-only", "--format=posix", *objects], capture_output=True, text=True, check=True
    )
    names = [line.split()[0] for line in listed.stdout.splitlines() if len(line.split()) > 1]
    assert sorted(names) == sorted(set(names))
    assert [] == [name for name in names if not name.startswith(("kws_", "vww_96_"))]

    program = tmp_path / "both"
    main = tmp_path / "main.c"
    main.write_text(
        '#include "kws/kws_selftest.h"\n#include "vww_96/vww_96_selftest.h"\n'
        "int main(void) {\n    return kws_selftest_run() != KWS_OK || vww_96_selftest_run() != VWW_96_OK;\n}\n"
    )
    folders = [f"-I{tmp_path}", f"-I{tmp_path / 'kws'}", f"-I{tmp_path / 'vww_96'}"]
    subprocess.run([compiler, *folders, str(main), *objects, "-lm", "-o", str(program)], check=True)
    finished = subprocess.run([program], capture_output=True, text=True, check=False)
    assert (0, 2) == (finished.returncode, finished.stdout.count("SELF-TEST PASS"))


@given(prefix=st.from_regex(r"\A[a-z][a-z0-9]{0,10}(_[a-z0-9]{1,5}){0,2}\Z"))
def test_accepted_prefixes(prefix: str) -> None:
    """Letters, digits and single underscores are accepted unless they are a word of the language."""
    assert len(prefix) <= LONGEST_PREFIX
    if prefix in RESERVED_WORDS:
        with pytest.raises(TargetError, match="is a word of C or C"):
            check_prefix(prefix)
    else:
        assert prefix == check_prefix(prefix)


@pytest.mark.parametrize(
    "prefix", ["", "1a", "Kws", "a-b", "a b", "_a", "a_", "a__b", "x" * 25, "größe", "int", "class"]
)
def test_refused_prefixes(prefix: str) -> None:
    """What cannot begin a name in C and C++ is refused with the value and what is accepted."""
    with pytest.raises(TargetError, match=f'Prefix "{prefix}"') as caught:
        check_prefix(prefix)
    assert "give a" in str(caught.value)
