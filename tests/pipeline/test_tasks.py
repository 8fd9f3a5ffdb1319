"""Tasks: the targets that each accepts, its losses by their formulas, and its figures on cases made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.pipeline.data import Data, Split
from edgewright.pipeline.errors import BadInputError, DataError, EdgewrightError, ModelError, RecipeError
from edgewright.pipeline.tasks import (
    ANOMALY,
    CLASSIFICATION,
    MULTI_LABEL,
    REGRESSION,
    TASKS,
    Objective,
    Shape,
    Task,
    TaskSettings,
    open_objective,
)

Floats = npt.NDArray[np.float64]
RANDOM = np.random.default_rng(11)


def checked(task: Task, y: npt.ArrayLike | None, shape: Shape, name: str = "y_train") -> Any:
    """Check targets as those of `data.npz`."""
    return task.check(None if y is None else np.asarray(y), shape, name, "data.npz")


# ---- targets -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "y", "shape", "expected"),
    [
        (CLASSIFICATION, [2, 0], (3,), [2, 0]),
        (CLASSIFICATION, [[2], [0]], (3,), [2, 0]),
        (CLASSIFICATION, [[0, 0, 1], [1, 0, 0]], (3,), [2, 0]),
        (CLASSIFICATION, [2.0, 0.0], (3,), [2, 0]),
        (CLASSIFICATION, [True, False], (1,), [1, 0]),
        (CLASSIFICATION, [[1], [0]], (1,), [1, 0]),
        (ANOMALY, [[0], [1]], (7, 2), [0, 1]),
        (REGRESSION, [1, 2], (1,), [[1.0], [2.0]]),
        (REGRESSION, [[1, 2], [3, 4]], (2,), [[1.0, 2.0], [3.0, 4.0]]),
        (REGRESSION, [[[1.5]], [[-2]]], (1, 1), [[[1.5]], [[-2.0]]]),
        (MULTI_LABEL, [[1, 1, 0], [0, 0, 0]], (3,), [[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]),
        (MULTI_LABEL, [True, False], (1,), [[1.0], [0.0]]),
    ],
)
def test_targets_that_are_accepted(task: Task, y: Any, shape: Shape, expected: Any) -> None:
    """Classes become int64 indices, numbers float32 of the output's shape, whatever dtype they were given in."""
    found = checked(task, y, shape)
    assert (expected, np.int64 if task in (CLASSIFICATION, ANOMALY) else np.float32) == (found.tolist(), found.dtype)


BAD: dict[str, tuple[Task, Any, Shape, type[EdgewrightError], str]] = {
    "no classes": (CLASSIFICATION, None, (3,), DataError, "y_train is missing; classification needs a class index"),
    "a class too many": (CLASSIFICATION, [0, 3], (3,), DataError, "the label 3; the model has 3 classes, so labels"),
    "a class below 0": (CLASSIFICATION, [0, -1], (3,), DataError, "the label -1; .* labels are 0 to 2"),
    "a third of two classes": (CLASSIFICATION, [0, 2], (1,), DataError, "the label 2; the model has 2 classes"),
    "half a class": (CLASSIFICATION, [0.5, 1], (3,), DataError, "or holds fractions; class indices are whole"),
    "two classes at once": (CLASSIFICATION, [[1, 1, 0]], (3,), DataError, r"the shape \(1, 3\); give class indices"),
    "a map of classes": (CLASSIFICATION, [0], (4, 4, 2), ModelError, r"the shape \(4, 4, 2\), and a classifier ends"),
    "no numbers": (REGRESSION, None, (2,), DataError, r"y_train is missing; give a target of the shape \(2,\)"),
    "numbers of another shape": (REGRESSION, [[1, 2, 3]], (2,), DataError, r"shape \(3,\), .* output is \(2,\)"),
    "one number for two": (REGRESSION, [1, 2], (2,), DataError, r"of the shape \(\), and the model's output is \(2,\)"),
    "no labels": (MULTI_LABEL, None, (3,), DataError, "y_train is missing"),
    "half a label": (MULTI_LABEL, [[0, 0.5, 1]], (3,), DataError, "holds 0.5; multi-label targets are rows of 0 and 1"),
    "a label too many": (MULTI_LABEL, [[0, 1]], (3,), DataError, r"shape \(2,\), .* output is \(3,\)"),
    "a map of labels": (MULTI_LABEL, [[[0]]], (1, 1), ModelError, r"shape \(1, 1\); a multi-label classifier ends in"),
    "no marks": (ANOMALY, None, (4,), DataError, r"y_train is missing; anomaly detection needs 0 \(normal\) or 1"),
    "a third kind": (ANOMALY, [0, 1, 2], (4,), DataError, "holds 2; anomaly detection takes 0"),
    "nothing normal": (ANOMALY, [1, 1], (4,), DataError, "holds no normal sample"),
}


@pytest.mark.parametrize(("task", "y", "shape", "error_class", "pattern"), BAD.values(), ids=BAD.keys())
def test_targets_that_are_refused(
    task: Task, y: Any, shape: Shape, error_class: type[EdgewrightError], pattern: str
) -> None:
    """What does not fit the output or the task gets one sentence, with the data's name unless the model is to blame."""
    with pytest.raises(error_class, match=pattern) as caught:
        checked(task, y, shape)
    text = str(caught.value)
    assert (1, True) == (len(text.splitlines()), text.endswith("."))
    assert text.startswith("data.npz: y_train" if error_class is DataError else "model: ")


@pytest.mark.parametrize(("y", "what"), [([0, 0], "normal samples"), ([1, 1], "anomalies")])
def test_anomalies_are_measured_on_both_kinds(y: list[int], what: str) -> None:
    """A curve needs both kinds to measure; training needs normal samples alone."""
    for name in ("y_val", "y_test"):
        with pytest.raises(DataError, match=f"{name} holds {what} only, and the area under the ROC curve needs both"):
            checked(ANOMALY, y, (4,), name)
    assert [0, 0] == checked(ANOMALY, [0, 0], (4,)).tolist()


def test_targets_of_the_loss() -> None:
    """Classes become one-hot rows or one column, an autoencoder learns its own input, numbers stay as they are."""
    x = RANDOM.random((2, 3), dtype=np.float32)
    classes = np.array([2, 0])
    assert [[0, 0, 1], [1, 0, 0]] == CLASSIFICATION.targets(classes, x, (3,)).tolist()
    assert [[1], [0]] == CLASSIFICATION.targets(np.array([1, 0]), x, (1,)).tolist()
    assert x is ANOMALY.targets(classes, x, (3,))
    for task in (REGRESSION, MULTI_LABEL):
        assert x is task.targets(x, x, (3,))
    with pytest.raises(DataError, match=r"output is \(4,\) and its input \(3,\); .* the same shape on both ends"):
        ANOMALY.targets(classes, x, (4,))
    with pytest.raises(DataError, match=r"output is \(4,\) and its input \(3,\)"):
        figures(ANOMALY, [0, 1], np.zeros((2, 4)), x)


def test_what_is_trained_on() -> None:
    """An autoencoder learns from normal samples alone, every other task from all."""
    marks = np.array([0, 1, 0])
    for task in TASKS:
        expected = [True, task is not ANOMALY, True]
        assert expected == task.training_samples(marks).tolist()


# ---- losses --------------------------------------------------------------------------------------------------------


def sigmoid(logits: Floats) -> Floats:
    """Return the logistic function."""
    return np.asarray(1 / (1 + np.exp(-logits)))


def softmax(logits: Floats) -> Floats:
    """Return the share of each class."""
    return np.asarray(np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True))


def cross_entropy(p: Floats, q: Floats) -> Floats:
    """Return the cross-entropy of each pair of two outcomes."""
    return np.asarray(-(p * np.log(q) + (1 - p) * np.log(1 - q)))


def mean_square(a: Floats, b: Floats) -> Floats:
    """Return the mean of the squared differences of each sample."""
    return np.asarray(((a - b) ** 2).reshape(len(a), -1).mean(axis=1))


def computed(result: Any) -> Any:
    """Return a tensor's values, one for each sample."""
    values = result.numpy()
    assert 1 == values.ndim
    return values


def draw(*shape: int) -> Floats:
    """Draw logits, as float32 holds them."""
    return RANDOM.normal(0, 2, shape).astype(np.float32).astype(np.float64)


def tensors(*arrays: Floats) -> list[Any]:
    """Return arrays as TensorFlow's float32."""
    from edgewright.pipeline.frameworks import load_tensorflow

    return [load_tensorflow().constant(array, "float32") for array in arrays]


@pytest.mark.slow
def test_loss_of_classes() -> None:
    """It is the cross-entropy: of a softmax, or of the sigmoid of a single output."""
    logits, classes = draw(6, 4), np.arange(6) % 4
    expected = -np.log(softmax(logits)[np.arange(6), classes])
    assert pytest.approx(expected, abs=1e-6) == computed(CLASSIFICATION.loss(*tensors(np.eye(4)[classes], logits)))
    logits, y = draw(6, 1), (np.arange(6) % 2)[:, np.newaxis].astype(float)
    expected = cross_entropy(y, sigmoid(logits))[:, 0]
    assert pytest.approx(expected, abs=1e-6) == computed(CLASSIFICATION.loss(*tensors(y, logits)))


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_soft_loss_of_classes(temperature: float) -> None:
    """It is T^2 times the divergence from the teacher's shares; one output is the two classes that it stands for."""
    for width in (4, 1):
        teacher, student = draw(5, width), draw(5, width)
        p, q = (
            softmax(logits / temperature)
            if width > 1
            else np.concatenate([1 - sigmoid(logits / temperature), sigmoid(logits / temperature)], axis=1)
            for logits in (teacher, student)
        )
        expected = temperature**2 * (p * np.log(p / q)).sum(axis=-1)
        found = computed(CLASSIFICATION.soft_loss(*tensors(teacher, student), temperature))
        assert pytest.approx(expected, abs=1e-5) == found
        same = computed(CLASSIFICATION.soft_loss(*tensors(teacher, teacher), temperature))
        assert pytest.approx(np.zeros(5), abs=1e-6) == same


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_losses_of_labels(temperature: float) -> None:
    """The mean over the classes of the binary cross-entropy, and of the binary divergence from the teacher."""
    y, teacher, student = (draw(5, 4) > 0).astype(float), draw(5, 4), draw(5, 4)
    expected = cross_entropy(y, sigmoid(student)).mean(axis=1)
    assert pytest.approx(expected, abs=1e-6) == computed(MULTI_LABEL.loss(*tensors(y, student)))
    p, q = sigmoid(teacher / temperature), sigmoid(student / temperature)
    divergence = (cross_entropy(p, q) - cross_entropy(p, p)).mean(axis=1)
    found = computed(MULTI_LABEL.soft_loss(*tensors(teacher, student), temperature))
    assert pytest.approx(temperature**2 * divergence, abs=1e-5) == found
    same = computed(MULTI_LABEL.soft_loss(*tensors(teacher, teacher), temperature))
    assert pytest.approx(np.zeros(5), abs=1e-6) == same


@pytest.mark.slow
@pytest.mark.parametrize("task", [REGRESSION, ANOMALY], ids=lambda task: task.name)
@pytest.mark.parametrize("shape", [(3,), (4, 2), (2, 3, 2)])
def test_losses_of_numbers(task: Task, shape: Shape) -> None:
    """The mean squared error of each sample, against targets and teacher alike, at any temperature."""
    one, other = draw(5, *shape), draw(5, *shape)
    assert pytest.approx(mean_square(one, other), abs=1e-5) == computed(task.loss(*tensors(one, other)))
    assert pytest.approx(mean_square(one, other), abs=1e-5) == computed(task.soft_loss(*tensors(one, other), 7.0))


# ---- figures -------------------------------------------------------------------------------------------------------


def figures(task: Task, y: npt.ArrayLike, outputs: npt.ArrayLike, x: npt.ArrayLike = ()) -> dict[str, float]:
    """Return a task's figures."""
    return dict(task.figures(np.asarray(y), np.asarray(outputs, np.float32), np.asarray(x, np.float32)))


def test_accuracy() -> None:
    """The class is the position of the largest output, the first of several."""
    outputs = [[1, 3, 2], [5, 5, 0], [0, 0, 9], [-8, -9, -9]]
    assert {"accuracy": 0.75} == figures(CLASSIFICATION, [1, 1, 2, 0], outputs)


def test_accuracy_of_a_single_sigmoid() -> None:
    """One output stands for the second of two classes, from one half on."""
    assert {"accuracy": 0.75} == figures(CLASSIFICATION, [0, 1, 1, 0], [[0.49], [0.5], [0.9], [0.7]])


def test_top_5_accuracy() -> None:
    """With more than ten classes the share of samples is told whose class is among the five largest outputs."""
    outputs = np.tile(np.arange(11, 0, -1), (4, 1))
    assert {"accuracy": 0.25, "top-5 accuracy": 0.75} == figures(CLASSIFICATION, [0, 4, 5, 1], outputs)
    assert ["accuracy"] == list(figures(CLASSIFICATION, [0, 4, 5, 1], outputs[:, :10]))


def test_errors_of_numbers() -> None:
    """The mean absolute error decides, and the root of the mean squared error follows, over samples and elements."""
    scores = figures(REGRESSION, [[0, 0], [1, 2]], [[3, 0], [1, 6]])
    assert ["MAE", "RMSE"] == list(scores)
    assert (7 / 4, 2.5) == (scores["MAE"], scores["RMSE"])


def ranks_by_hand(y: npt.NDArray[Any], scores: npt.NDArray[Any]) -> float:
    """Return the share of pairs of an anomaly and a normal sample that are in order; ties are half in order."""
    pairs = [(a, n) for a in scores[y == 1] for n in scores[y == 0]]
    return float(np.mean([(a > n) + 0.5 * (a == n) for a, n in pairs]))


def test_roc_auc_by_hand_and_by_scikit_learn() -> None:
    """The area under the curve of the reconstruction error is that of scikit-learn, and the share of ordered pairs."""
    from sklearn.metrics import roc_auc_score

    y, x = RANDOM.integers(0, 2, 60), RANDOM.random((60, 4, 2)).round(2)
    outputs = (x + (0.05 + 0.05 * y[:, np.newaxis, np.newaxis]) * RANDOM.normal(size=x.shape)).round(2)
    scores = figures(ANOMALY, y, outputs, x)
    error = ((outputs.astype(np.float32) - x.astype(np.float32)) ** 2).mean(axis=(1, 2))
    assert ["ROC AUC", "error of normal samples"] == list(scores)
    assert pytest.approx(float(roc_auc_score(y, error)), abs=1e-3) == scores["ROC AUC"]
    assert pytest.approx(ranks_by_hand(y, error), abs=1e-3) == scores["ROC AUC"]
    assert pytest.approx(float(error[y == 0].mean()), rel=1e-5) == scores["error of normal samples"]
    assert 0.5 < scores["ROC AUC"] < 1
    perfect = figures(ANOMALY, [0, 0, 1], [[1.0], [1.1], [3.0]], [[1.0], [1.0], [1.0]])
    assert 1.0 == perfect["ROC AUC"]


def test_mean_average_precision_by_hand_and_by_scikit_learn() -> None:
    """It is the mean of scikit-learn's average precisions of the classes that occur; others do not count."""
    from sklearn.metrics import average_precision_score

    y = (RANDOM.random((50, 4)) < 0.3).astype(np.float32)
    y[:, 2] = 0
    outputs = RANDOM.random((50, 4)).astype(np.float32)
    expected = np.mean([average_precision_score(y[:, c], outputs[:, c]) for c in (0, 1, 3)])
    assert {"mean AP": pytest.approx(expected)} == figures(MULTI_LABEL, y, outputs)
    # Right, wrong, right: precision 1 at the first half of the recall, 2/3 at the second; the other class is perfect.
    by_hand = figures(MULTI_LABEL, [[1, 0], [0, 0], [1, 1]], [[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]])
    assert {"mean AP": pytest.approx(((1 + 2 / 3) / 2 + 1) / 2)} == by_hand
    with pytest.raises(DataError, match="no class occurs in the samples that are measured"):
        figures(MULTI_LABEL, np.zeros((3, 2)), np.ones((3, 2)))


# ---- objectives ----------------------------------------------------------------------------------------------------


def split_of(*y: npt.ArrayLike) -> Split:
    """Return a split with these targets."""
    targets = tuple(np.asarray(one) for one in y)
    return Split(x=(np.zeros((len(targets[0]) if targets else 2, 3), np.float32),), y=targets)


def objective_of(kind: str = "classification", folder: Path = Path(), **settings: object) -> Objective:
    """Open what a recipe says under [task]."""
    return open_objective(TaskSettings.model_validate({"kind": kind, **settings}), folder)


@pytest.fixture
def judged_by(tmp_path: Path) -> Any:
    """A function that makes an objective whose metric has this body; it is given `y` and `predictions`."""

    def make(body: str, kind: str = "classification", **settings: object) -> Objective:
        (tmp_path / "mine.py").write_text(f"import numpy as np\n\n\ndef score(y, predictions):\n    {body}\n")
        return objective_of(kind, tmp_path, metric="mine.py:score", **settings)

    return make


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_every_task_has_a_name_in_recipes(task: Task) -> None:
    """Each is found by its name and decides by its own figure, which is the first of its figures."""
    objective = objective_of(task.name)
    assert (task, task.metric) == (objective.task, objective.metric)
    samples = np.array([[0.0, 1.0], [1.0, 0.0]], np.float32)
    y = np.array([0, 1]) if task in (CLASSIFICATION, ANOMALY) else samples
    assert task.metric.name == next(iter(task.figures(y, samples, samples[:, ::-1])))


def test_worse_depends_on_the_figure(judged_by: Any) -> None:
    """A falling accuracy and a rising error are losses, a user's metric as its recipe says."""
    assert 0.25 == objective_of("classification").loss_by(0.75, 0.5)
    assert -0.25 == objective_of("regression").loss_by(0.75, 0.5)
    assert 0.25 == judged_by("return 1").loss_by(0.75, 0.5)
    assert -0.25 == judged_by("return 1", higher_is_better=False).loss_by(0.75, 0.5)


@given(reference=st.floats(-1e6, 1e6), value=st.floats(-1e6, 1e6))
def test_a_loss_one_way_is_a_gain_the_other(reference: float, value: float) -> None:
    """Exchanging two figures, or their direction, turns a loss into the same gain."""
    for kind in ("classification", "regression"):
        assert objective_of(kind).loss_by(reference, value) == -objective_of(kind).loss_by(value, reference)
    assert objective_of("regression").loss_by(reference, value) == -objective_of("classification").loss_by(
        reference, value
    )


def test_data_is_prepared_for_the_outputs() -> None:
    """Each split gets the task's targets, one for each output; samples and labels stay."""
    data = Data(train=split_of([0, 1]), validation=split_of([[1], [0]]), test=split_of([[0, 1], [1, 0]]), labels=("a",))
    prepared = objective_of().prepare(data, [(2,)], "data.npz")
    assert [[0, 1], [1, 0], [1, 0]] == [
        split.y[0].tolist() for split in (prepared.train, prepared.validation, prepared.test)
    ]
    assert (("a",), data.train.x) == (prepared.labels, prepared.train.x)


def test_as_many_targets_as_outputs() -> None:
    """Targets that are missing, or are not one for each output, are refused with what to give."""
    good, bare = split_of([0, 1]), split_of()
    with pytest.raises(DataError, match="y_test is missing"):
        objective_of().prepare(Data(train=good, validation=good, test=bare), [(2,)], "data.npz")
    with pytest.raises(DataError, match=r"y_train holds 1 arrays, and the model has 2 outputs; give one for each"):
        objective_of().prepare(Data(train=good, validation=good, test=good), [(2,), (2,)], "data.npz")


def test_classes_of_a_model() -> None:
    """One sigmoid tells two classes apart, but has no largest element; numbers are no classes."""
    assert [(10, True), (2, False)] == [
        (objective_of().class_count([shape]), objective_of().tells_classes_apart([shape])) for shape in ((10,), (1,))
    ]
    assert (3, False) == (
        objective_of("multi_label").class_count([(3,)]),
        objective_of("multi_label").tells_classes_apart([(3,)]),
    )
    for kind in ("regression", "anomaly"):
        assert (None, False) == (objective_of(kind).class_count([(3,)]), objective_of(kind).tells_classes_apart([(3,)]))


def test_a_name_for_each_class() -> None:
    """As many names as classes are accepted, or none at all; numbers have no names to count."""
    split = split_of([0, 1])
    named = Data(train=split, validation=split, test=split, labels=("a", "b"))
    objective_of().check_labels(named, [(2,)], "data.npz")
    objective_of().check_labels(named, [(1,)], "data.npz")
    objective_of("regression").check_labels(named, [(3,)], "data.npz")
    objective_of().check_labels(Data(train=split, validation=split, test=split), [(3,)], "data.npz")
    with pytest.raises(DataError, match=r"data\.npz: labels names 2 classes, but the model has 3; name each class"):
        objective_of().check_labels(named, [(3,)], "data.npz")


def test_several_outputs_are_averaged() -> None:
    """Every figure is the mean over the outputs; one that not all of them have is left out."""
    wide = np.eye(11, dtype=np.float32)[[0, 1, 2, 3]]
    narrow = np.array([[0, 1], [1, 0], [1, 0], [1, 0]], np.float32)
    split = split_of([0, 1, 2, 3], [0, 0, 1, 1])
    assert {"accuracy": (1 + 0.25) / 2} == objective_of().scores([wide, narrow], split)
    numbers = objective_of("regression").scores(
        [np.ones((2, 1), np.float32), np.zeros((2, 2), np.float32)], split_of([[1.0], [3.0]], [[4.0, 0.0], [0.0, 0.0]])
    )
    assert {"MAE": 1.0, "RMSE": pytest.approx((2**0.5 + 2) / 2)} == numbers


# ---- metrics of the user's -----------------------------------------------------------------------------------------


def test_a_metric_of_the_users_decides(judged_by: Any) -> None:
    """It is given the targets and the outputs, it comes first, and over several outputs it is the mean."""
    objective = judged_by("return float((predictions.argmax(axis=1) == y).sum())")
    right, half = np.eye(2, dtype=np.float32), np.array([[0, 1], [0, 1]], np.float32)
    scores = objective.scores([right, half], split_of([0, 1], [0, 1]))
    assert [("score", 1.5), ("accuracy", 0.75)] == list(scores.items())
    assert ("score", True, False) == (
        objective.metric.name, objective.metric.higher_is_better, objective.metric.is_share,
    )  # fmt: skip


def test_a_metric_of_anomalies_is_given_errors(judged_by: Any) -> None:
    """For an autoencoder the predictions are the mean squared error of each sample."""
    objective = judged_by("return float(predictions[y == 1].mean() - predictions[y == 0].mean())", "anomaly")
    split = Split(x=(np.zeros((2, 4), np.float32),), y=(np.array([0, 1]),))
    outputs = np.array([[1, 1, 1, 1], [2, 0, 0, 2]], np.float32)
    assert 1.0 == objective.scores([outputs], split)["score"]


def test_the_metrics_file_counts(judged_by: Any) -> None:
    """Another metric, or another body of it, is another ingredient of every figure."""
    ingredients = [objective_of().ingredients, objective_of("regression").ingredients]
    for body in ("return 1.0", "return 2.0"):
        ingredients.append(judged_by(body).ingredients)
    assert all(one != other for i, one in enumerate(ingredients) for other in ingredients[:i])
    assert ingredients[-1] == judged_by("return 2.0").ingredients


@pytest.mark.parametrize(
    ("body", "pattern"),
    [
        ("raise ValueError('shape\\nis wrong')", "raised ValueError: shape is wrong; mend the function"),
        ("raise SystemExit(1)", "raised SystemExit: 1; mend the function"),
        ("return float('nan')", "returned nan; it must return a finite number for targets"),
        ("return np.inf", "returned inf; it must return a finite number"),
        ("return 'good'", "returned 'good'; it must return a finite number"),
        ("return None", "returned None; it must return a finite number"),
        ("return 10 ** 400", r"returned 10+\.\.\.0+; it must return a finite number"),
        ("return np.zeros((40, 40))", r"returned array\(.*\.\.\..*; it must return a finite number"),
    ],
    ids=lambda value: value.split("(")[0],
)
def test_a_metric_that_is_no_use(judged_by: Any, body: str, pattern: str) -> None:
    """Whatever a metric raises, and whatever it returns but a finite number, becomes one sentence that names it."""
    with pytest.raises(RecipeError, match=pattern) as caught:
        judged_by(body).scores([np.eye(2, dtype=np.float32)], split_of([0, 1]))
    assert "mine.py:score" in str(caught.value)
    assert 1 == len(str(caught.value).splitlines())
    assert len(str(caught.value)) < 500


def test_a_metric_that_is_not_there(tmp_path: Path) -> None:
    """A path without a function, a missing file and a missing function are refused."""
    (tmp_path / "mine.py").write_text("def other(y, predictions):\n    return 1.0\n")
    with pytest.raises(RecipeError, match=r'metric: "mine\.py" is not a function; name one as file\.py:function'):
        objective_of(folder=tmp_path, metric="mine.py")
    with pytest.raises(BadInputError, match=r"metric: .*nothing\.py does not exist"):
        objective_of(folder=tmp_path, metric="nothing.py:score")
    objective = objective_of(folder=tmp_path, metric="mine.py:othr")
    with pytest.raises(RecipeError, match='has no function "othr"; did you mean "other"'):
        objective.scores([np.eye(2, dtype=np.float32)], split_of([0, 1]))
