"""What the packages import: only declared dependencies, nothing upstream, and nothing heavy before it is needed."""

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# Each takes longer to import than a warm run may take.
HEAVY = {"PIL", "keras", "matplotlib", "mlxtend", "sklearn", "tensorflow", "tensorflow_model_optimization", "tf_keras"}
# Outermost last: a folder imports itself and what stands before it.
LAYERS = ("targets", "firmware_templates", "pipeline", "examples", "runtime_bench")


def imported(tree: ast.Module, *, at_load: bool) -> Iterator[str]:
    """Yield the dotted names that a module imports, all of them or only those on its own loading."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""
        elif at_load and (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or is_typing_only(node)
        ):
            continue
        pending += ast.iter_child_nodes(node)


def is_typing_only(node: ast.AST) -> bool:
    """Return whether a statement is `if TYPE_CHECKING:`."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


@pytest.fixture(scope="module")
def modules(clone: Path, package_folders: dict[str, str]) -> dict[Path, ast.Module]:
    """Every module of the five folders, by its path from the clone."""
    paths = [path for folder in package_folders.values() for path in (clone / folder).rglob("*.py")]
    return {path.relative_to(clone): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def test_third_party_imports_are_declared(modules: dict[Path, ast.Module], pyproject: dict[str, Any]) -> None:
    """A package that is imported is a dependency of its own, not one that another dependency happens to bring."""
    declared = {canonicalize_name(Requirement(line).name) for line in pyproject["project"]["dependencies"]}
    distributions = packages_distributions()
    undeclared = {
        f"{path}: {name}"
        for path, tree in modules.items()
        for name in {name.split(".")[0] for name in imported(tree, at_load=False)}
        if name not in sys.stdlib_module_names | {"edgewright"}
        and not {canonicalize_name(name), *map(canonicalize_name, distributions.get(name, []))} & declared
    }

    assert set() == undeclared


def test_data_flows_one_way(modules: dict[Path, ast.Module]) -> None:
    """No folder imports one further out: the pipeline knows nothing of runtime_bench and of the command line."""
    upstream = {
        f"{path}: {name}"
        for path, tree in modules.items()
        for name in imported(tree, at_load=False)
        if name.startswith("edgewright.") and LAYERS.index(name.split(".")[1]) > LAYERS.index(path.parts[0])
    }

    assert set() == upstream


def test_heavy_packages_are_imported_where_they_are_used(modules: dict[Path, ast.Module]) -> None:
    """No module loads TensorFlow by being imported, so that `--help`, bad input and a warm run stay quick."""
    heavy = {
        f"{path}: {name}"
        for path, tree in modules.items()
        for name in imported(tree, at_load=True)
        if name.split(".")[0] in HEAVY
    }

    assert set() == heavy
