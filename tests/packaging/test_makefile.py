"""The Makefile: what reaches `edgewright`, how .venv comes to be, and how wrong use is answered.

Each test runs the real Makefile in a folder of its own, whose `.venv` and Python are small scripts that write down
how they were called.
"""

import os
import shutil
import stat
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import pytest

# Plays a system's Python, and, copied into .venv, the one there. What it does is set by variables of the environment.
FAKE_PYTHON = r"""#!/bin/sh
echo "python $*" >> "$FAKE_LOG"
case "$*" in
  *version_info*) echo "${FAKE_VERSION:-3.11}" ;;
  *ensurepip*) exit "${FAKE_ENSUREPIP:-0}" ;;
  "-m venv "*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  "-m pip "*)
    case "${FAKE_PIP:-works}" in
      fails) echo "no network" >&2; exit 1 ;;
      killed)
        make=$(ps -o ppid= -p "$PPID")
        if [ "$(ps -o comm= -p $make)" = make ]; then kill -9 $make "$PPID"; fi
        exit 1 ;;
    esac
    cp "$FAKE_TOOL" .venv/bin/edgewright ;;
esac
"""
# Plays edgewright, pytest, ruff and mypy: its arguments and environment go, NUL-separated, into files of its name.
FAKE_TOOL = r"""#!/bin/sh
printf '%s\0' "$@" > "$FAKE_CALLS/$(basename "$0").arguments"
env -0 > "$FAKE_CALLS/$(basename "$0").environment"
exit "${FAKE_STATUS:-0}"
"""
AWKWARD = (
    "my model.h5",
    "it's",
    'a "quoted" name',
    "$HOME and ${HOME} and $(HOME)",
    "$(shell touch injected)",
    "`touch injected`",
    "; touch injected #",
    "a#b%c*",
    "back\\slash\\",
    "--model=x",
    "ünïcode-模型.h5",
    "two\nlines",
    "a trailing blank ",
)


class Copy(NamedTuple):
    """A folder with the Makefile and what it reads, and a folder in which the stand-ins write down their calls."""

    folder: Path
    calls: Path

    def make(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run make without what an outer make left in the environment."""
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "EW_"))
        }
        fake = {
            "FAKE_LOG": str(self.calls / "log"),
            "FAKE_CALLS": str(self.calls),
            "FAKE_TOOL": str(self.calls / "tool"),
            "PYTHON": "",
        }
        settings = {**inherited, **fake, **environment}
        settings = {name: value for name, value in settings.items() if value}
        return subprocess.run(
            ["make", *arguments], cwd=self.folder, env=settings, capture_output=True, text=True, check=False, timeout=60
        )

    def arguments(self, tool: str = "edgewright") -> list[str]:
        """Return what a stand-in was called with."""
        return (self.calls / f"{tool}.arguments").read_text().split("\0")[:-1]

    def environment(self, tool: str = "edgewright") -> dict[str, str]:
        """Return the environment in which a stand-in was called."""
        lines = (self.calls / f"{tool}.environment").read_text().split("\0")[:-1]
        return dict(line.split("=", 1) for line in lines)

    def log(self) -> str:
        """Return how the Python stand-ins were called since the last time, one call a line."""
        log = self.calls / "log"
        text = log.read_text() if log.exists() else ""
        log.write_text("")
        return text


def write_program(path: Path, text: str) -> None:
    """Write an executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def bare(tmp_path: Path, clone: Path) -> Copy:
    """A fresh clone, in a folder whose name is awkward, and a Python that only pretends."""
    copy = Copy(tmp_path / "a user's clone", tmp_path / "calls")
    copy.calls.mkdir()
    copy.folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(clone / name, copy.folder / name)
    for board in ("esp32", "host"):
        (copy.folder / "targets" / board).mkdir(parents=True)
        (copy.folder / "targets" / board / "target.toml").touch()
    write_program(copy.calls / "tool", FAKE_TOOL)
    write_program(copy.calls / "path" / "python3", FAKE_PYTHON)
    return copy


@pytest.fixture
def ready(bare: Copy) -> Copy:
    """A clone whose .venv is complete."""
    write_program(bare.folder / ".venv" / "bin" / "python", FAKE_PYTHON)
    for tool in ("edgewright", "pytest", "ruff", "mypy", "uv"):
        write_program(bare.folder / ".venv" / "bin" / tool, FAKE_TOOL)
    (bare.folder / ".venv" / "run").touch()
    (bare.folder / ".venv" / "dev").touch()
    (bare.folder / ".venv" / "python").write_text("python3\n")
    (bare.folder / ".venv" / "clone").write_text(f"{bare.folder}\n")
    return bare


def fake_path(copy: Copy) -> str:
    """Return a PATH whose only Pythons are the stand-ins."""
    tools = copy.calls / "tools"
    tools.mkdir(exist_ok=True)
    for folder in os.environ["PATH"].split(os.pathsep):
        for program in Path(folder).glob("*") if folder else ():
            link = tools / program.name
            if not program.name.startswith("python") and not link.is_symlink():
                link.symlink_to(program)
    return f"{copy.calls / 'path'}{os.pathsep}{tools}"


# ---- help and usage


def test_bare_make_prints_help(bare: Copy) -> None:
    """Without a goal and a value, make shows every goal and every target, and installs nothing."""
    done = bare.make()

    assert (0, "") == (done.returncode, done.stderr)
    assert "make target=NAME" in done.stdout
    assert "esp32, host" in done.stdout
    goals = (
        "flash",
        "monitor",
        "test",
        "test-full",
        "test-tflm",
        "check",
        "golden",
        "lock",
        "toolchains",
        "wheel",
        "clean",
        "distclean",
    )
    assert "make target=android aar" in done.stdout
    assert [] == [goal for goal in goals if f"make {goal}" not in done.stdout and f" {goal} port" not in done.stdout]
    assert not (bare.folder / ".venv").exists()


@pytest.mark.parametrize(
    "arguments", [["build"], ["run"], ["model=m.h5"], ["flash", "port=/dev/ttyUSB0"], ["monitor"], ["aar"], ["target="]]
)
def test_missing_target_lists_the_targets(bare: Copy, arguments: list[str]) -> None:
    """A goal that needs a board says so in one sentence with the boards, before anything is installed."""
    done = bare.make(*arguments)

    assert 2 == done.returncode
    assert "target= is missing: make target=NAME, with one of esp32, host" in done.stderr
    assert 1 == done.stderr.count("\n")
    assert not (bare.folder / ".venv").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["modle=m.h5"], "modle= is not known here; the variables are target= family= runtime="),
        (["dry=yes"], "dry= takes 1 for yes or 0 for no"),
        (["tflite=m.tflite", "model=m.h5"], "model= does not go with tflite="),
        (["tflite=m.tflite", "dry=1"], "dry= does not go with tflite="),
        (["labels=l.txt"], "labels= goes with tflite= only"),
        (["baseline=b.json"], "baseline= goes with the goal bench only"),
        (["elf=f.elf"], "elf= goes with the goal bench only"),
    ],
)
def test_wrong_use_is_one_sentence(ready: Copy, arguments: list[str], sentence: str) -> None:
    """A misspelt variable or values that exclude each other are refused; nothing runs."""
    done = ready.make("target=esp32", *arguments)

    assert 2 == done.returncode
    assert sentence in done.stderr
    assert not (ready.calls / "edgewright.arguments").exists()


# ---- what reaches edgewright


def test_every_variable_reaches_build(ready: Copy) -> None:
    """Each variable of make is the option of the same meaning."""
    values = ("family=f", "model=m", "data=d", "recipe=r", "seed=7", "out=o", "trust=1", "force=1", "fix=1", "dry=1")

    assert 0 == ready.make("target=esp32", *values).returncode
    assert (
        "build --target esp32 --family f --out o --seed 7 --force --fix --model m --data d --recipe r --trust-model "
        "--dry-run"
    ).split() == ready.arguments()


def test_build_passes_only_what_was_given(ready: Copy) -> None:
    """Empty values and switches set to 0 are as if they were not given."""
    assert 0 == ready.make("target=esp32", "model=", "trust=0", "force=").returncode
    assert ["build", "--target", "esp32"] == ready.arguments()


def test_tflite_is_emitted(ready: Copy) -> None:
    """`tflite=` calls emit, and a name that begins with a dash is no option."""
    assert 0 == ready.make("target=esp32", "tflite=-m.tflite", "out=o", "data=d.npz", "labels=l.txt").returncode
    assert "emit --target esp32 --out o --inputs d.npz --labels l.txt -- -m.tflite".split() == ready.arguments()


@pytest.mark.parametrize(
    ("arguments", "model"), [(["tflite=-m.tflite"], "-m.tflite"), (["target=esp32"], "build/esp32")]
)
def test_bench_takes_a_model(ready: Copy, arguments: list[str], model: str) -> None:
    """A file, or what a target's build left, is measured with data, recipe and baseline, into a folder."""
    values = ("data=d", "recipe=r", "baseline=b", "out=o", "seed=7", "force=1")

    assert 0 == ready.make("bench", *arguments, *values).returncode
    assert [
        *"bench --data d --recipe r --seed 7 --baseline b --out o --force --".split(), model
    ] == ready.arguments()  # fmt: skip


def test_bench_takes_devices(ready: Copy) -> None:
    """A board, an emulated core and how many samples they run are options of the same meaning."""
    values = ("port=/dev/ttyUSB0", "baud=9600", "elf=f.elf", "core=cortex-m4", "samples=20")

    assert 0 == ready.make("bench", "target=esp32", *values).returncode
    assert (
        "bench --port /dev/ttyUSB0 --baud 9600 --elf f.elf --core cortex-m4 --device-samples 20 -- build/esp32"
    ).split() == ready.arguments()


def test_bench_without_a_model_says_what_to_give(bare: Copy) -> None:
    """The sentence names both ways, before anything is installed."""
    done = bare.make("bench")

    assert 2 == done.returncode
    assert "tflite= or target= is missing: make bench tflite=FILE" in done.stderr
    assert not (bare.folder / ".venv").exists()


def test_targets_emits_all(ready: Copy) -> None:
    """The goal `targets` is a build, or an emission, for every target; a target beside it is refused."""
    assert 0 == ready.make("targets", "recipe=r", "family=all").returncode
    assert "build --target all --family all --recipe r".split() == ready.arguments()
    assert 0 == ready.make("targets", "tflite=m.tflite", "out=o").returncode
    assert "emit --target all --out o -- m.tflite".split() == ready.arguments()
    done = ready.make("targets", "target=esp32")
    assert (2, True) == (done.returncode, "target= does not go with the goal targets" in done.stderr)


def test_run_builds_and_runs(ready: Copy) -> None:
    """The goal `run` is a build, or an emission, whose firmware is run afterwards; it takes the runtime on its way."""
    assert 0 == ready.make("target=mps2-an386", "runtime=static", "run").returncode
    assert "build --run --target mps2-an386 --runtime static".split() == ready.arguments()
    assert 0 == ready.make("target=mps2-an386", "tflite=m.tflite", "run").returncode
    assert "emit --run --target mps2-an386 -- m.tflite".split() == ready.arguments()
    assert 0 == ready.make("target=mps2-an386", "runtime=static").returncode
    assert "build --target mps2-an386 --runtime static".split() == ready.arguments()


@pytest.mark.parametrize("goal", ["flash", "monitor"])
def test_flash_and_monitor_take_a_port(ready: Copy, goal: str) -> None:
    """The board's goals pass the port on, and do not build first: that would replace a build of another model."""
    assert 0 == ready.make("target=esp32", goal, "port=/dev/ttyUSB0").returncode
    assert [goal, "--target", "esp32", "--port", "/dev/ttyUSB0"] == ready.arguments()


def test_aar_takes_the_place(ready: Copy) -> None:
    """The archive is made of what an earlier build left in the same folder."""
    assert 0 == ready.make("target=android", "aar", "out=my o").returncode
    assert ["aar", "--target", "android", "--out", "my o"] == ready.arguments()


@pytest.mark.parametrize("value", AWKWARD)
@pytest.mark.parametrize("name", ["model", "tflite"])
def test_values_arrive_as_they_were_typed(ready: Copy, name: str, value: str) -> None:
    """Blanks, quotes, dollars and newlines are neither expanded by make nor read by the shell."""
    done = ready.make("target=esp32", f"{name}={value}")

    assert (0, "") == (done.returncode, done.stderr)
    assert value == ready.arguments()[-1]
    assert not (ready.folder / "injected").exists()


def test_environment_is_not_input(ready: Copy) -> None:
    """Variables of the environment that happen to be called `data`, `out` or `target` mean something else."""
    assert 0 == ready.make("target=esp32", data="d", out="o", force="1").returncode
    assert ["build", "--target", "esp32"] == ready.arguments()
    assert "target= is missing" in ready.make("build", target="esp32").stderr


def test_tools_inherit_neither_values_nor_flags(ready: Copy) -> None:
    """Tools that call make themselves (idf.py, cmake) see no flags and no variables of this make."""
    ready.make("target=esp32", "model=m", "-k", model="from outside")

    assert set() == {"target", "model", "MAKEFLAGS", "MFLAGS"} & set(ready.environment())


@pytest.mark.parametrize("status", ["1", "2", "3", "4"])
def test_every_failure_is_makes_2(ready: Copy, status: str) -> None:
    """Whatever status edgewright ends with, make ends with 2."""
    assert 2 == ready.make("target=esp32", FAKE_STATUS=status).returncode


def test_warm_make_adds_little(ready: Copy) -> None:
    """With a complete .venv, make itself costs less than 0.15 s and calls no Python."""
    ready.make("target=esp32", "model=my model.h5")
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        ready.make("target=esp32", "model=my model.h5")
        seconds.append(time.perf_counter() - start)

    assert "" == ready.log()
    assert min(seconds) < 0.15


# ---- the environment


def test_first_make_installs_the_lock(bare: Copy) -> None:
    """A fresh clone gets a .venv with hash-checked packages and the project, one line for each step."""
    done = bare.make("target=esp32", PATH=fake_path(bare))

    assert (0, "") == (done.returncode, done.stderr)
    assert "Creating .venv with Python 3.11\nInstalling requirements.lock into .venv\n" == done.stdout
    pip = [line.split("--no-input ")[1] for line in bare.log().splitlines() if "-m pip" in line]
    assert [
        "install --require-hashes -r requirements.lock",
        "install --no-deps --no-build-isolation --editable .",
    ] == pip
    assert ["build", "--target", "esp32"] == bare.arguments()
    assert f"{bare.folder}\n" == (bare.folder / ".venv" / "clone").read_text()


def test_second_make_installs_nothing(bare: Copy) -> None:
    """The stamps of the first run spare the second one every call of Python."""
    bare.make("target=esp32", PATH=fake_path(bare))
    bare.log()

    assert "" == bare.make("target=esp32", PATH=fake_path(bare)).stdout
    assert "" == bare.log()


def test_changed_lock_is_installed_into_the_same_venv(bare: Copy) -> None:
    """A newer lock is installed on top; .venv is not made anew."""
    bare.make("target=esp32", PATH=fake_path(bare))
    bare.log()
    future = time.time() + 10
    os.utime(bare.folder / "requirements.lock", (future, future))
    done = bare.make("target=esp32", PATH=fake_path(bare))

    assert "Installing requirements.lock into .venv\n" == done.stdout
    assert "-m venv" not in bare.log()


def test_development_packages_come_on_top(bare: Copy) -> None:
    """A goal for developers installs the run's lock and then its own."""
    done = bare.make("lint", PATH=fake_path(bare))

    assert "Creating" in done.stdout
    assert done.stdout.index("Installing requirements.lock") < done.stdout.index("Installing requirements-dev.lock")


@pytest.mark.parametrize("end", ["fails", "killed"])
@pytest.mark.parametrize("again", [False, True])
def test_interrupted_installation_starts_afresh(bare: Copy, end: str, again: bool) -> None:
    """An installation that fails or is killed, the first or a later one, leaves no .venv that looks complete."""
    if again:
        bare.make("target=esp32", PATH=fake_path(bare))
        future = time.time() + 10
        os.utime(bare.folder / "requirements.lock", (future, future))
    failed = bare.make("target=esp32", PATH=fake_path(bare), FAKE_PIP=end)
    assert 0 != failed.returncode
    if end == "fails":
        assert (
            "no network\nThe installation failed for the reason above; the next make starts it afresh\n"
            in failed.stderr
        )
    assert not (bare.folder / ".venv" / "clone").exists()
    (bare.folder / ".venv" / "half").touch()

    done = bare.make("target=esp32", PATH=fake_path(bare))

    assert 0 == done.returncode
    assert "Creating .venv" in done.stdout
    assert not (bare.folder / ".venv" / "half").exists()


def test_moved_clone_gets_a_new_venv(bare: Copy) -> None:
    """Scripts in .venv hold absolute paths, so a clone that was moved makes its .venv anew."""
    bare.make("target=esp32", PATH=fake_path(bare))
    moved = Copy(bare.folder.with_name("moved"), bare.calls)
    bare.folder.rename(moved.folder)

    assert "Creating .venv" in moved.make("target=esp32", PATH=fake_path(moved)).stdout


def test_vanished_interpreter_gets_a_new_venv(bare: Copy) -> None:
    """A .venv whose Python was uninstalled (a dangling link) is made anew."""
    bare.make("target=esp32", PATH=fake_path(bare))
    (bare.folder / ".venv" / "bin" / "python").unlink()
    (bare.folder / ".venv" / "bin" / "python").symlink_to("/nonexistent/python")

    assert "Creating .venv" in bare.make("target=esp32", PATH=fake_path(bare)).stdout


def test_another_python_gets_a_new_venv(bare: Copy) -> None:
    """PYTHON= that differs from the one of .venv makes it anew; leaving PYTHON= out afterwards keeps it."""
    write_program(bare.calls / "path" / "my python", FAKE_PYTHON)
    bare.make("target=esp32", PATH=fake_path(bare))
    other = bare.make("target=esp32", "PYTHON=my python", PATH=fake_path(bare), FAKE_VERSION="3.13")
    later = bare.make("target=esp32", PATH=fake_path(bare))

    assert "Creating .venv with Python 3.13\n" in other.stdout
    assert "" == later.stdout


def test_venv_of_another_tool_is_left_alone(bare: Copy) -> None:
    """A .venv that something else made is not removed; the sentence says how to make room."""
    (bare.folder / ".venv" / "bin").mkdir(parents=True)
    (bare.folder / ".venv" / "bin" / "precious").touch()
    done = bare.make("target=esp32", PATH=fake_path(bare))

    assert 2 == done.returncode
    assert ".venv is there but was not made by this Makefile; move it away or remove it" in done.stderr
    assert (bare.folder / ".venv" / "bin" / "precious").exists()


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13"])
def test_supported_pythons_are_taken(bare: Copy, version: str) -> None:
    """3.10 to 3.13 make a .venv."""
    assert 0 == bare.make("target=esp32", PATH=fake_path(bare), FAKE_VERSION=version).returncode


@pytest.mark.parametrize("version", ["2.7", "3.9", "3.14"])
def test_unsupported_python_is_refused(bare: Copy, version: str) -> None:
    """Another version is refused in one sentence, which ends with the line that uses a better one on the PATH."""
    write_program(bare.calls / "path" / "python3.12", FAKE_PYTHON)
    done = bare.make("target=esp32", PATH=fake_path(bare), FAKE_VERSION=version)

    assert 2 == done.returncode
    wrong, right = f"Python 3.10 to 3.13 and python3 is {version}", "make PYTHON=python3.12 target=esp32"
    assert f"edgewright needs {wrong}; mend it with: {right}" == done.stderr.splitlines()[0]
    assert not (bare.folder / ".venv").exists()


def test_refusal_without_a_better_python_says_how_to_get_one(bare: Copy) -> None:
    """Where no supported Python is on the PATH, the line installs one first."""
    done = bare.make("flash", "target=esp32", PATH=fake_path(bare), FAKE_VERSION="3.9")

    line = "mend it with: apt-get install python3.11-venv && make PYTHON=python3.11 target=esp32 flash"
    assert done.stderr.splitlines()[0].endswith(line)


def test_missing_python_is_refused(bare: Copy) -> None:
    """A PYTHON that is no program is refused in the same sentence."""
    done = bare.make("target=esp32", "PYTHON=no such python", PATH=fake_path(bare))

    assert 2 == done.returncode
    assert "needs Python 3.10 to 3.13 and no such python is not a Python that runs; mend it" in done.stderr


def test_missing_venv_package_is_refused(bare: Copy) -> None:
    """A Python without ensurepip, as Debian's without python3-venv, is refused with the package's name."""
    done = bare.make("target=esp32", PATH=fake_path(bare), FAKE_ENSUREPIP="1", FAKE_VERSION="3.12")

    assert 2 == done.returncode
    assert "venv package is missing; mend it with: apt-get install python3.12-venv" in done.stderr.splitlines()[0]
    assert not (bare.folder / ".venv").exists()


# ---- the other goals


def test_test_tflm_passes_absolute_paths(ready: Copy) -> None:
    """TFLM= and TFLM_LIB= reach the test as absolute paths."""
    (ready.folder / "my tflm").mkdir()
    (ready.folder / "lib x.a").touch()
    done = ready.make("test-tflm", "TFLM=my tflm", "TFLM_LIB=lib x.a")

    assert 0 == done.returncode
    assert ["tests/emission/test_tflm.py", "tests/emission/test_tflm_walk.py"] == ready.arguments("pytest")[-2:]
    environment = ready.environment("pytest")
    assert str(ready.folder / "my tflm") == environment["EDGEWRIGHT_TFLM"]
    assert str(ready.folder / "lib x.a") == environment["EDGEWRIGHT_TFLM_LIB"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "TFLM= is missing: make test-tflm TFLM=DIR [TFLM_LIB=FILE]"),
        (["TFLM=absent"], "TFLM=absent is not a directory"),
        (["TFLM=targets", "TFLM_LIB=absent.a"], "TFLM_LIB=absent.a is not a file"),
    ],
)
def test_test_tflm_checks_its_paths(ready: Copy, arguments: list[str], sentence: str) -> None:
    """A missing library is named; no test runs that would only be skipped."""
    done = ready.make("test-tflm", *arguments)

    assert 2 == done.returncode
    assert sentence in done.stderr
    assert not (ready.calls / "pytest.arguments").exists()


def test_check_runs_lint_types_and_fast_tests(ready: Copy) -> None:
    """`make check` formats, lints, types and runs what is neither slow nor full."""
    done = ready.make("check")

    assert 0 == done.returncode
    steps = [done.stdout.index(step) for step in ("ruff format --check", "ruff check", "bin/mypy", "bin/pytest")]
    assert sorted(steps) == steps
    arguments = ready.arguments("pytest")
    assert "not slow and not full" == arguments[arguments.index("-m") + 1]


@pytest.mark.parametrize(("goal", "marks"), [("test", "not full"), ("test-full", None)])
def test_the_larger_checks_run_tests(ready: Copy, goal: str, marks: str | None) -> None:
    """`make test` leaves out what is full, `make test-full` nothing."""
    assert 0 == ready.make(goal).returncode
    arguments = ready.arguments("pytest")
    assert marks == (arguments[arguments.index("-m") + 1] if "-m" in arguments else None)


def test_bench_arena_takes_a_folder_of_models(ready: Copy) -> None:
    """`models=` reaches the measurement as it was typed, and without it only our networks are measured."""
    assert 0 == ready.make("bench-arena").returncode
    assert "-m edgewright.runtime_bench.arena\n" in ready.log()
    assert 0 == ready.make("bench-arena", "models=my models").returncode
    assert "-m edgewright.runtime_bench.arena --models my models\n" in ready.log()


def test_golden_rewrites_every_golden_test(ready: Copy) -> None:
    """`make golden` runs the tests that hold whole trees, with the option that rewrites them."""
    for name in ("emission/test_emission_golden.py", "report/test_golden_page.py", "graph/test_graph.py"):
        (ready.folder / "tests" / name).parent.mkdir(parents=True, exist_ok=True)
        (ready.folder / "tests" / name).touch()

    assert 0 == ready.make("golden").returncode
    expected = {"--golden-update", "tests/emission/test_emission_golden.py", "tests/report/test_golden_page.py"}
    assert expected == {word for word in ready.arguments("pytest") if "golden" in word}


def test_types_are_read_through_links(ready: Copy) -> None:
    """Mypy gets a tree in which the five folders are `edgewright`."""
    ready.make("types")
    tree = ready.folder / "build" / "typing" / "edgewright"

    assert (ready.folder / "targets" / "esp32") == (tree / "targets" / "esp32").resolve()
    assert ["examples", "firmware_templates", "pipeline", "runtime_bench", "targets"] == sorted(
        link.name for link in tree.iterdir()
    )


def test_links_are_the_mapped_packages(clone: Path, package_folders: dict[str, str]) -> None:
    """The Makefile's list of packages is that of package-dir."""
    line = next(line for line in (clone / "Makefile").read_text().splitlines() if line.startswith("PACKAGES :="))

    assert sorted(package_folders.values()) == sorted(line.split(":=")[1].split())


def test_clean_keeps_the_stage_cache(bare: Copy) -> None:
    """Clean removes outputs, needs no .venv, and leaves finished stages; distclean removes those too."""
    for name in ("build/esp32/model.tflite", "build/typing/x", "build/cache/a/model.keras", "dist/x.whl", ".venv/run"):
        (bare.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (bare.folder / name).touch()

    assert 0 == bare.make("clean").returncode
    assert ["cache"] == [path.name for path in (bare.folder / "build").iterdir()]
    assert (bare.folder / "build/cache/a/model.keras").exists()
    assert (bare.folder / ".venv/run").exists()
    assert not (bare.folder / "dist").exists()

    assert 0 == bare.make("distclean").returncode
    assert not (bare.folder / "build").exists()
    assert not (bare.folder / ".venv").exists()
    assert (bare.folder / "targets" / "esp32" / "target.toml").exists()


def test_clean_of_a_fresh_clone_succeeds(bare: Copy) -> None:
    """There may be nothing to remove."""
    assert 0 == bare.make("clean").returncode
    assert 0 == bare.make("distclean").returncode


# ---- cross compilers and emulators

# Play a Debian: dpkg-query knows what FAKE_INSTALLED lists, id says FAKE_USER, apt-get and sudo write down their calls.
FAKE_SYSTEM = {
    "dpkg-query": """#!/bin/sh
for package; do :; done
case " $FAKE_INSTALLED " in *" $package "*) echo "install ok installed" ;; *) exit 1 ;; esac
""",
    "id": '#!/bin/sh\necho "${FAKE_USER:-0}"\n',
    "apt-get": '#!/bin/sh\necho "apt-get $*" >> "$FAKE_LOG"\nexit "${FAKE_STATUS:-0}"\n',
    "sudo": """#!/bin/sh
echo "sudo $*" >> "$FAKE_LOG"
[ "$1" != -n ] || shift
[ "$FAKE_SUDO" = works ] && exec "$@"
""",
}
CORES = {"first": '["gcc-first", "libc-first"]', "second": '["gcc-second"]', "third": '["gcc-first"]'}


@pytest.fixture
def debian(bare: Copy) -> Copy:
    """A fresh clone with the facts of three cores, on a made-up Debian."""
    for name, packages in CORES.items():
        facts = bare.folder / "pipeline" / "facts" / "machines" / f"{name}.toml"
        facts.parent.mkdir(parents=True, exist_ok=True)
        facts.write_text(f'title = "{name}"\n\n[compiler]\npackages = {packages}\n')
    for name, text in FAKE_SYSTEM.items():
        write_program(bare.calls / "path" / name, text)
    return bare


def test_toolchains_are_installed(debian: Copy) -> None:
    """What the cores' facts name and is missing is installed, each package once, without recommended ones."""
    done = debian.make("toolchains", PATH=fake_path(debian), FAKE_INSTALLED="libc-first")

    assert (0, "") == (done.returncode, done.stderr)
    assert "Installing gcc-first gcc-second\n" == done.stdout
    assert [
        "apt-get update -qq",
        "apt-get install -y -qq --no-install-recommends gcc-first gcc-second",
    ] == debian.log().splitlines()


def test_installed_toolchains_are_left_alone(debian: Copy) -> None:
    """Where all is there, that is said and nothing is done; root is not needed for it."""
    installed = "gcc-first libc-first gcc-second"
    done = debian.make("toolchains", PATH=fake_path(debian), FAKE_INSTALLED=installed, FAKE_USER="1000")

    assert (0, "All is there: gcc-first gcc-second libc-first\n", "") == (done.returncode, done.stdout, done.stderr)
    assert "" == debian.log()


def test_toolchains_take_sudo(debian: Copy) -> None:
    """Who is not root but may become it installs by sudo."""
    done = debian.make("toolchains", PATH=fake_path(debian), FAKE_USER="1000", FAKE_SUDO="works")

    assert 0 == done.returncode
    assert "apt-get install -y -qq --no-install-recommends gcc-first gcc-second libc-first" in debian.log().splitlines()


def test_toolchains_without_root_print_the_line(debian: Copy) -> None:
    """Who is not root and cannot become it gets the line to run."""
    done = debian.make("toolchains", PATH=fake_path(debian), FAKE_USER="1000", FAKE_INSTALLED="gcc-second")

    line = "sudo apt-get install --no-install-recommends gcc-first libc-first"
    assert (2, f"This needs root; run: {line}") == (done.returncode, done.stderr.splitlines()[0])
    assert "apt-get" not in debian.log()


def test_toolchains_without_apt_name_the_packages(debian: Copy) -> None:
    """Where there is no apt-get, the packages are named."""
    path = fake_path(debian)
    (debian.calls / "path" / "apt-get").unlink()
    (debian.calls / "tools" / "apt-get").unlink(missing_ok=True)
    done = debian.make("toolchains", PATH=path)

    assert 2 == done.returncode
    assert (
        "There is no apt-get here; install what other systems call these packages of Debian: gcc-first" in done.stderr
    )


def test_failed_installation_is_told(debian: Copy) -> None:
    """An apt-get that fails is not hidden."""
    done = debian.make("toolchains", PATH=fake_path(debian), FAKE_STATUS="100")

    assert 2 == done.returncode
    assert "apt-get failed for the reason above; run: apt-get install --no-install-recommends gcc-first" in done.stderr
