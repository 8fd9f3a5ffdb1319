"""Whatever is wrong with the input: one clear sentence, status 2, and the previous build untouched."""

from __future__ import annotations

import json
import pickle
import random
import shutil
import zipfile
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.command import assert_refused, edgewright, edgewright_here, python, snapshot
from support.digits import CONVERT_ALONE, digits, tiny_arrays, write_npz
from support.keras_files import layer, sequential, write_hdf5

from edgewright.pipeline.report import load_report


def command(**replaced: str | Path) -> list[str | Path]:
    """Return the words of a build into the folder with the earlier one; what is given replaces the good options."""
    given = {"target": "esp32", "data": "good.npz", "recipe": "convert.toml", "out": "out", **replaced}
    return ["build", *(word for name, value in given.items() for word in (f"--{name}", value))]


def build(desk: Path, *options: str | Path, **replaced: str | Path) -> CompletedProcess[str]:
    """Run a build in this process."""
    return edgewright_here(*command(**replaced), *options, cwd=desk)


def build_apart(desk: Path, *options: str | Path, **replaced: str | Path) -> CompletedProcess[str]:
    """Run a build as a user does, in a process of its own."""
    return edgewright(*command(**replaced), *options, cwd=desk)


def recipe_of(desk: Path, *tables: str) -> str:
    """Write a recipe of some tables and the conversion; returns its name."""
    (desk / "mine.toml").write_text("\n".join((*tables, CONVERT_ALONE)))
    return "mine.toml"


def h5_of(folder: Path, model: Any, name: str = "model.h5") -> Path:
    """Save a model as Keras 2 does, by the ending of the name."""
    model.save(folder / name)
    return folder / name


class Trap:
    """Whoever loads a pickle of this creates a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        """Tell pickle to create the file."""
        return Path.touch, (self.path,)


@pytest.fixture
def lookalike(desk: Path) -> Path:
    """An `.h5` of Keras 2, as far as anyone can tell without loading it."""
    return write_hdf5(desk / "lookalike.h5", sequential(layer("Dense", "classes", units=10)))


# ---- what is not there, or not what it says ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("replaced", "fragments"),
    [
        ({"target": "esp23"}, ('Unknown target "esp23"', 'did you mean "esp32"', "Accepted: ")),
        ({"family": "esp_idff"}, ('no firmware family "esp_idff"', 'did you mean "esp_idf"')),
        ({"recipe": "nothing.toml"}, ("nothing.toml", "cannot be read", "No such file")),
        ({"model": "nothing.h5"}, ("nothing.h5 does not exist", ".keras")),
        ({"model": "nothing.py:train"}, ("nothing.py does not exist", "file.py:function")),
        ({"model": "good.npz"}, ("good.npz",)),
        ({"model": "out"}, ("out is a folder without saved_model.pb",)),
        ({"data": "nothing.npz", "model": "random.h5"}, ("random.h5",)),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
def test_missing_or_unknown(desk: Path, replaced: dict[str, str], fragments: tuple[str, ...]) -> None:
    """A name that leads nowhere is given back, with the nearest that exists or what would be accepted."""
    (desk / "random.h5").write_bytes(random.Random(1).randbytes(4096))
    assert_refused(build(desk, **{"model": "random.h5", **replaced}), *fragments)


def test_neither_model_nor_recipe_names_a_model(desk: Path) -> None:
    """Data without a model is answered with the option and the recipe's key that are missing."""
    assert_refused(build(desk), "model: is missing", "--model", "[source]")


@pytest.mark.parametrize("name", ["random.h5", "random.keras", "empty.h5", "empty.keras", "text.keras"])
def test_unreadable_models(desk: Path, name: str) -> None:
    """Bytes that are no model are refused with the file's name."""
    content = {"random": random.Random(2).randbytes(10_000), "empty": b"", "text": b"PK\x03\x04 hello"}
    (desk / name).write_bytes(content[Path(name).stem])
    assert_refused(build(desk, model=name), name, "give a model that Keras has saved")


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.5, 0.999])
def test_truncated_models(desk: Path, digits_h5: Path, share: float) -> None:
    """A model of which only the beginning arrived is refused, as `.h5` and as `.keras`."""
    whole = digits_h5.read_bytes()
    (desk / "part.h5").write_bytes(whole[: int(share * len(whole))])
    assert_refused(build(desk, model="part.h5"), "part.h5")
    archive = make_keras_archive(desk / "whole.keras").read_bytes()
    (desk / "part.keras").write_bytes(archive[: int(share * len(archive))])
    assert_refused(build(desk, model="part.keras"), "part.keras")


def make_keras_archive(path: Path) -> Path:
    """Save a Keras 2 model of 64 inputs as `.keras`."""
    from edgewright.pipeline.frameworks import load_keras

    keras = load_keras()
    keras.Sequential([keras.layers.Input((64,)), keras.layers.Dense(10)]).save(path, save_format="keras")
    return path


WITHOUT_TENSORFLOW = """
import json, sys
from edgewright.runtime_bench import cli

statuses = []
for words in json.loads(sys.argv[1]):
    sys.argv = ["edgewright", *words]
    try:
        cli.main()
    except SystemExit as end:
        statuses.append(end.code)
print(json.dumps([statuses, [name for name in ("tensorflow", "tf_keras", "keras") if name in sys.modules]]))
"""


def test_what_needs_no_tensorflow_is_refused_without_it(desk: Path, lookalike: Path) -> None:
    """Names, recipes, damaged files and numbers that nobody can train on are refused before TensorFlow is imported."""
    (desk / "random.h5").write_bytes(random.Random(1).randbytes(4096))
    (desk / "wrong.toml").write_text("[[stages]\n")
    write_npz(desk / "bad.npz", tiny_arrays(), x_train=with_one(np.nan))
    good: dict[str, str | Path] = {"model": lookalike}
    wrong: list[dict[str, str | Path]] = [
        {"target": "esp23"}, {"family": "esp_idff"}, {"recipe": "wrong.toml"}, {"model": "random.h5"},
        {"model": "nothing.h5"}, {"data": "nothing.npz"}, {"data": "bad.npz"},
    ]  # fmt: skip
    commands = [[str(word) for word in command(**{**good, **one})] for one in wrong]
    finished = python(WITHOUT_TENSORFLOW, json.dumps(commands), cwd=desk)
    assert [[2] * len(wrong), []] == json.loads(finished.stdout), finished.stderr
    assert len(wrong) == len(finished.stderr.splitlines())


# ---- recipes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fragments"),
    [
        ('[[stages]]\nstage = "prnue"\n', ("stages[0]", 'unknown stage "prnue"', 'did you mean "prune"', "convert")),
        ('sed = 1\n[[stages]]\nstage = "convert"\n', ("sed: unknown key", 'did you mean "seed"')),
        (
            '[[stages]]\nstage = "convert"\nrepresentative_cout = 3\n',
            ("stages[0] (convert)", 'did you mean "representative_count"'),
        ),
        ("[[stages]\n", ("is not valid TOML",)),
        (
            '[[stages]]\nstage = "convert"\n[[stages]]\nstage = "prune"\n',
            ("stages[1]", "before the stage that converts"),
        ),
    ],
)
def test_wrong_recipes(desk: Path, text: str, fragments: tuple[str, ...]) -> None:
    """A recipe's mistake is named by its place, with the nearest valid name."""
    (desk / "wrong.toml").write_text(text)
    assert_refused(build(desk, recipe="wrong.toml", model="any.h5"), "wrong.toml", *fragments)


# ---- data ----------------------------------------------------------------------------------------------------------

X, Y = tiny_arrays()["x_train"], tiny_arrays()["y_train"]


def with_one(value: float) -> npt.NDArray[np.float32]:
    """Return the training samples with one number replaced."""
    changed = X.copy()
    changed[7, 0, 0, 0] = value
    return changed


@pytest.mark.parametrize(
    ("changed", "fragments"),
    [
        ({"x_train": with_one(np.nan)}, ("x_train has 1 values that are NaN", "sample 7")),
        ({"x_test": with_one(np.inf)[:20]}, ("x_test has 1 values", "infinite", "sample 7")),
        ({"x_train": X[:0], "y_train": Y[:0]}, ("x_train has the shape (0, 8, 8, 1)", "at least one sample")),
        ({"y_test": np.zeros(0, np.int64)}, ("y_test is empty",)),
        ({"y_train": Y[:-1]}, ("x_train has 40 samples and y_train 39",)),
        ({"x_train": np.full(X.shape, "a")}, ("x_train has the dtype", "must be numbers")),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_data_that_nobody_can_train_on(
    desk: Path, lookalike: Path, changed: dict[str, npt.NDArray[Any]], fragments: tuple[str, ...]
) -> None:
    """NaN, infinity, nothing at all and mismatched counts are refused with the array's name and the sample."""
    write_npz(desk / "bad.npz", tiny_arrays(), **changed)
    assert_refused(build(desk, data="bad.npz", model=lookalike), "bad.npz", *fragments)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "fragments"),
    [
        (
            {"x_train": np.zeros((40, 9, 8, 1)), "x_test": np.zeros((20, 9, 8, 1))},
            ("(9, 8, 1)", "input", "(8, 8, 1)"),
        ),
        ({"y_test": np.full(20, 10)}, ("y_test", "label 10", "10 classes", "0 to 9")),
    ],
    ids=["shape", "label"],
)
def test_data_of_another_model(
    desk: Path, digits_h5: Path, changed: dict[str, npt.NDArray[Any]], fragments: tuple[str, ...]
) -> None:
    """Data whose shape or labels do not belong to the model is refused with both sides' figures."""
    write_npz(desk / "bad.npz", tiny_arrays(), **changed)
    assert_refused(build(desk, data="bad.npz", model=digits_h5), "bad.npz", *fragments)


@pytest.mark.parametrize("name", ["x_train", "y_test", "labels"])
def test_pickles_are_never_loaded(desk: Path, lookalike: Path, name: str) -> None:
    """An `.npz` that holds a pickle is refused, and the pickle's code never runs."""
    array = np.empty(40, object)
    array[:] = Trap(desk / "sprung")
    with zipfile.ZipFile(write_npz(desk / "trap.npz", {}), "a"):
        np.savez(desk / "trap.npz", **{**tiny_arrays(), name: array})
    assert_refused(build(desk, data="trap.npz", model=lookalike), "trap.npz", name, "Python objects", "never loaded")
    assert not (desk / "sprung").exists()
    with pytest.raises(ValueError, match="allow_pickle"), np.load(desk / "trap.npz") as archive:
        archive[name]


def test_a_pickle_that_calls_itself_npz(desk: Path) -> None:
    """A bare pickle with the ending `.npz` is refused without being loaded, as data and as inputs to emit."""
    (desk / "trap.npz").write_bytes(pickle.dumps(Trap(desk / "sprung")))
    shutil.copy(desk / "convert.toml", desk / "model.py")
    (desk / "model.py").write_text("def train(data, seed, reporter): ...\n")
    assert_refused(build(desk, data="trap.npz", model="model.py:train"), "trap.npz is not an .npz")
    assert not (desk / "sprung").exists()


def test_a_data_function_that_fails(desk: Path) -> None:
    """What a user's function raises becomes one sentence with the function, the class and the text."""
    (desk / "mine.py").write_text("def load():\n    raise ValueError('first line\\nsecond line')\n")
    finished = build(desk, data="mine.py:load", model="mine.py:load")
    assert_refused(finished, "mine.py:load raised ValueError: first line second line", "mend the function")


# ---- models --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_dynamic_input(desk: Path) -> None:
    """A model whose input has a free dimension is refused with the shape."""
    from edgewright.pipeline.frameworks import load_keras

    keras = load_keras()
    layers = [keras.layers.Input((None, None, 1)), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10)]
    h5_of(desk, keras.Sequential(layers))
    assert_refused(build(desk, model="model.h5"), "model.h5", "(None, None, 1)", "not fixed")


@pytest.fixture(scope="module")
def lambda_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one model that has a Lambda layer, in each of the formats of Keras 2."""
    from edgewright.pipeline.frameworks import load_keras

    folder, keras = tmp_path_factory.mktemp("lambda"), load_keras()
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Lambda(lambda x: x * 2.0, name="twice"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    for name in ("model.h5", "model.keras", "saved_model"):
        h5_of(folder, model, name)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", ["model.h5", "model.keras", "saved_model"])
def test_lambda_layers_need_trust(desk: Path, lambda_models: Path, name: str) -> None:
    """A Lambda layer runs code from the file, so it is refused by name, and the option that allows it is told."""
    assert_refused(build(desk, model=lambda_models / name), 'Lambda layer "twice"', "--trust-model")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["model.h5", pytest.param("model.keras", marks=pytest.mark.full)])
def test_trusted_lambda_layers_work(desk: Path, lambda_models: Path, name: str) -> None:
    """With --trust-model the same file is built to the end."""
    finished = build_apart(desk, "--trust-model", model=lambda_models / name, out="other")
    assert (0, "") == (finished.returncode, finished.stderr)
    assert (desk / "other" / "firmware" / "main" / "app_main.cc").is_file()


@pytest.mark.slow
def test_a_model_function_that_fails(desk: Path) -> None:
    """What training raises is one sentence, without TensorFlow's own start-up messages."""
    body = "import tf_keras\n\ndef train(data, seed, reporter):\n    raise KeyError('weights')\n"
    (desk / "mine.py").write_text(body)
    assert_refused(
        build_apart(desk, model="mine.py:train"), "mine.py:train raised KeyError", "weights", "mend the function"
    )


# ---- tasks, students, training ---------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "fragment"),
    [
        ("raise ValueError('no\\nluck')", "raised ValueError: no luck; mend the function."),
        (
            "return float('nan')",
            "returned nan; it must return a finite number for targets (4,) and predictions (4, 10)",
        ),
    ],
    ids=["raises", "NaN"],
)
def test_a_metric_that_is_no_use(desk: Path, digits_h5: Path, body: str, fragment: str) -> None:
    """A metric that raises or returns NaN is named in one sentence, before anything is converted."""
    (desk / "mine.py").write_text(f"def score(y, predictions):\n    {body}\n")
    recipe = recipe_of(desk, '[task]\nmetric = "mine.py:score"')
    assert_refused(build(desk, model=digits_h5, recipe=recipe), "mine.py:score", fragment)
    assert [desk / "out" / "model.tflite"] == list(desk.rglob("*.tflite"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["x_train", "x_train_1"])
def test_representative_samples_of_zeros(desk: Path, digits_h5: Path, name: str) -> None:
    """Samples that calibrate nothing are refused with the input's name, before anything is converted or trained."""
    arrays = tiny_arrays()
    model = digits_h5
    if name == "x_train_1":
        model = h5_of(desk, two_inputs())
        for split in ("train", "test"):
            x = arrays.pop(f"x_{split}")
            arrays |= {f"x_{split}_0": x, f"x_{split}_1": x}
    write_npz(desk / "zeros.npz", arrays, **{name: 0 * arrays[name]})
    recipe = recipe_of(desk, '[[stages]]\nstage = "distill"')
    finished = build(desk, model=model, data="zeros.npz", recipe=recipe)
    which = "second" if name == "x_train_1" else "input_1"
    assert_refused(finished, f'calibration: all representative samples of the input "{which}', "give samples of real")
    assert "distill" not in finished.stdout


def two_inputs() -> Any:
    """A Keras 2 model of two images."""
    from edgewright.pipeline.frameworks import load_keras

    keras, layers = load_keras(), load_keras().layers
    starts = [layers.Input((8, 8, 1), name=name) for name in ("first", "second")]
    return keras.Model(starts, layers.Dense(10)(layers.Flatten()(layers.Concatenate()(starts))))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "fragments"),
    [
        ("regression", ("good.npz: y_train", "targets of the shape ()", "the model's output is (10,)")),
        ("multi_label", ("good.npz: y_train", "targets of the shape ()", "the model's output is (10,)")),
        ("anomaly", ("good.npz: y_train holds 2; anomaly detection takes 0 (normal) and 1 (anomaly)",)),
    ],
)
def test_data_of_another_task(desk: Path, digits_h5: Path, kind: str, fragments: tuple[str, ...]) -> None:
    """Classes are no targets of any other task."""
    recipe = recipe_of(desk, f'[task]\nkind = "{kind}"')
    assert_refused(build(desk, model=digits_h5, recipe=recipe), *fragments)


@pytest.mark.slow
def test_a_model_of_another_task(desk: Path, digits_h5: Path) -> None:
    """A model that does not reproduce its input finds no anomalies, which is said before anything is trained."""
    arrays = tiny_arrays()
    write_npz(desk / "marked.npz", arrays, **{name: arrays[name] % 2 for name in ("y_train", "y_test")})
    recipe = recipe_of(desk, '[task]\nkind = "anomaly"')
    finished = build(desk, model=digits_h5, data="marked.npz", recipe=recipe)
    assert_refused(finished, "the model's output is (10,) and its input (8, 8, 1)", "same shape on both ends")


STUDENTS = {
    "outputs": ("layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(5)", ("outputs have the shapes [(5,)]", "10")),
    "inputs": ("layers.Input((8, 8, 3)), layers.Flatten(), layers.Dense(10)", ("inputs have the shapes [(8, 8, 3)]",)),
    "no layers": ("", ("mine.py:student",)),
}


@pytest.mark.slow
@pytest.mark.parametrize(("layers", "fragments"), STUDENTS.values(), ids=STUDENTS.keys())
def test_a_student_of_another_shape(desk: Path, digits_h5: Path, layers: str, fragments: tuple[str, ...]) -> None:
    """A student that does not take and give what its teacher does is refused before any stage has run."""
    body = f"    return keras.Sequential([{layers}])\n"
    (desk / "mine.py").write_text(
        f"import tf_keras as keras\nfrom tf_keras import layers\ndef student(source):\n{body}"
    )
    recipe = recipe_of(
        desk, '[[stages]]\nstage = "prune"', '[[stages]]\nstage = "distill"\nstudent = "mine.py:student"'
    )
    finished = build(desk, model=digits_h5, recipe=recipe)
    assert_refused(finished, *fragments)
    assert "prune" not in finished.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "fragment"),
    [
        ("return 3", "mine.py:student"),
        ("raise OSError('gone')", "mine.py:student raised OSError: gone; mend the function"),
    ],
    ids=["number", "raises"],
)
def test_a_student_that_is_none(desk: Path, digits_h5: Path, body: str, fragment: str) -> None:
    """A function that builds no model is named."""
    (desk / "mine.py").write_text(f"def student(source):\n    {body}\n")
    recipe = recipe_of(desk, '[[stages]]\nstage = "distill"\nstudent = "mine.py:student"')
    assert_refused(build(desk, model=digits_h5, recipe=recipe), fragment)


@pytest.mark.slow
def test_training_that_diverges(desk: Path, digits_h5: Path) -> None:
    """The stage is named, and the model that the stage before it made is kept: it is there and can be built from."""
    (desk / "mine.py").write_text(
        "from tf_keras import Sequential, layers\n"
        "def student(source):\n"
        "    student = Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(8), layers.Dense(10)])\n"
        "    student.set_weights([weight * 1e30 for weight in student.get_weights()])\n"
        "    return student\n"
    )
    recipe = recipe_of(
        desk,
        '[[stages]]\nstage = "prune"\nstep_epochs = 0\ntraining = { epochs = 1 }',
        '[[stages]]\nstage = "distill"\nstudent = "mine.py:student"\ntraining = { epochs = 200, learning_rate = 0.5 }',
    )
    finished = build_apart(desk, model=digits_h5, recipe=recipe)
    sentence = "distill: training diverged to NaN with learning_rate = 0.5; give a smaller one."
    assert_refused(finished, sentence, "The model before this stage is kept in ")
    kept = finished.stderr.rpartition("The model before this stage is kept in ")[2].strip().removesuffix(".")
    again = build_apart(desk, model=kept, out="other")
    assert (0, "") == (again.returncode, again.stderr)
    source = load_report(desk / "other" / "report.json").stages[0].metrics
    assert "prune" in kept
    assert f"{source.file_bytes:,} bytes, {source.mac_count / 1e6:.3f} M MACs" in finished.stdout


# ---- budgets -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_budget_that_cannot_be_met(desk: Path, digits_h5: Path) -> None:
    """Status 3 with every figure that is too large; all is written and marked, and a second run says the same."""
    recipe = recipe_of(desk, "[budget]\nflash_bytes = 100\nmacs = 10")
    finished = build_apart(desk, model=digits_h5, recipe=recipe, out="other")
    assert_refused(finished, "over the budget", "the budget is 100", "the budget is 10;", "written to other", status=3)
    assert (desk / "other" / "firmware" / "main" / "app_main.cc").is_file()
    assert (desk / "other" / "model.tflite").is_file()
    report = load_report(desk / "other" / "report.json")
    assert report.budget is not None
    assert 2 == len(report.budget.complaints)
    assert "Over the budget" in (desk / "other" / "report.html").read_text()
    before = snapshot(desk / "other")
    again = build_apart(desk, model=digits_h5, recipe=recipe, out="other")
    assert (3, finished.stderr, before) == (again.returncode, again.stderr, snapshot(desk / "other"))


@pytest.mark.slow
def test_a_stage_that_breaks_the_budget_is_rolled_back(desk: Path, digits_h5: Path) -> None:
    """A student that learned nothing is not used: what is built is the model before it, and the report says why."""
    hopeless = (
        '[[stages]]\nstage = "distill"\nstudent = "width:0.1"\n'
        "training = { epochs = 1, learning_rate = 1e-6, batch_size = 512 }"
    )
    recipe = recipe_of(desk, "[budget]\nmax_accuracy_drop = 0.02", hopeless)
    arrays = digits()
    data = write_npz(desk / "few.npz", arrays, **{name: arrays[name][:40] for name in ("x_test", "y_test")})
    options = {"model": digits_h5, "data": data}
    finished = build_apart(desk, **options, recipe=recipe, out="other")
    assert (0, "") == (finished.returncode, finished.stderr)
    assert "rolled back: accuracy on validation is" in finished.stdout
    report = load_report(desk / "other" / "report.json")
    source, student, final = report.stages
    assert student.rolled_back is not None
    assert "worse than the source model's" in student.rolled_back
    assert (None, None, source.metrics.file_bytes) == (
        source.rolled_back, final.rolled_back, final.metrics.file_bytes,
    )  # fmt: skip
    assert student.metrics.file_bytes < source.metrics.file_bytes
    assert report.budget is not None
    assert () == report.budget.complaints
    assert 0 == build_apart(desk, **options, out="plain").returncode
    for name in ("model.tflite", "model.keras"):
        assert (desk / "plain" / name).read_bytes() == (desk / "other" / name).read_bytes()


# ---- where things go -----------------------------------------------------------------------------------------------


def test_a_cache_that_cannot_be_written(desk: Path, lookalike: Path) -> None:
    """A cache folder that is a file is named."""
    assert_refused(build(desk, model=lookalike, cache="convert.toml"), "cache: convert.toml cannot be written")


@pytest.mark.parametrize(
    ("option", "value"), [("--seed", "-1"), ("--seed", "many"), ("--colour", "red")], ids=lambda value: value
)
def test_wrong_options(desk: Path, option: str, value: str) -> None:
    """An option that does not exist, or a value out of range, ends in status 2 with the option's name."""
    finished = build(desk, option, value, model="any.h5")
    assert 2 == finished.returncode
    assert option in finished.stderr
    assert "Traceback" not in finished.stderr
