"""The chain: rollback, the search for a strength, measuring, notes, and a cache that saves all work the second time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.command import snapshot
from support.digits import digits

from edgewright.pipeline.arena import measure_host_arena
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.chain import Chain, run_chain, stage_ingredients
from edgewright.pipeline.data import open_data
from edgewright.pipeline.digest import digest_value
from edgewright.pipeline.errors import DivergedError, ModelError
from edgewright.pipeline.feeding import model_inputs, real_outputs
from edgewright.pipeline.graph import read
from edgewright.pipeline.interpreters import Request, run, tflm_engine
from edgewright.pipeline.measurement import measure_artefact
from edgewright.pipeline.metrics import count_tflite
from edgewright.pipeline.models import load_model, save_model
from edgewright.pipeline.progress import Advance
from edgewright.pipeline.recipe import Recipe, load_recipe
from edgewright.pipeline.scales import read_scales
from edgewright.pipeline.sources import obtain_source, open_model
from edgewright.pipeline.stages import ArtefactKind, Stage, StageSettings, StageWork, prune
from edgewright.pipeline.tasks import open_objective
from edgewright.pipeline.workshop import Workshop

pytestmark = pytest.mark.slow
CONVERT = '[[stages]]\nstage = "convert"\nrepresentative_count = 50\n'
QUICK = "training = { epochs = 2, learning_rate = 2e-3, batch_size = 32 }\n"
HOPELESS = "training = { epochs = 1, learning_rate = 1e-6, batch_size = 64 }\nstep_epochs = 0\n"


class Listener:
    """A reporter that remembers lines and the titles of bars; whatever is trained has a bar."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.bars: list[str] = []

    def line(self, text: str) -> None:
        """Remember a line."""
        self.lines.append(text)

    @contextmanager
    def bar(self, title: str, step_count: int) -> Iterator[Advance]:
        """Remember a bar."""
        del step_count
        self.bars.append(title)
        yield lambda remark: None


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """One cache for all chains here: what they have in common is made once."""
    return Cache(root=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def new_workshop(
    cache: Cache, digits_npz: Path, digits_h5: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., tuple[Workshop, Listener]]:
    """A function that sets up a recipe's run on the digits, up to its chain."""

    def make(stages: str, budget: str = "", convert: str = CONVERT) -> tuple[Workshop, Listener]:
        path = tmp_path_factory.mktemp("recipe") / "recipe.toml"
        path.write_text(f"seed = 3\n{budget}\n{stages}{convert}")
        return _workshop(load_recipe(path), cache, digits_npz, digits_h5)

    return make


def _workshop(recipe: Recipe, cache: Cache, npz: Path, h5: Path) -> tuple[Workshop, Listener]:
    listener = Listener()
    data = open_data(npz.name, npz.parent, cache)
    objective = open_objective(recipe.settings.task, recipe.folder)
    source = open_model(h5.name, h5.parent, trust=False)
    seed = recipe.settings.seed
    path = obtain_source(source, data, objective, seed=seed, cache=cache, reporter=listener)
    workshop = Workshop(
        recipe=recipe, objective=objective, seed=seed, source_path=path, data=data, cache=cache, reporter=listener
    )
    return workshop, listener


@pytest.fixture(scope="module")
def narrowed(new_workshop: Callable[..., tuple[Workshop, Listener]]) -> tuple[Workshop, Listener, Chain]:
    """A chain that takes half of the channels, then zeros among the weights, and converts."""
    workshop, listener = new_workshop(
        f'[[stages]]\nstage = "prune"\namount = 0.5\nstep_epochs = 1\n{QUICK}'
        f'[[stages]]\nstage = "prune"\nstructure = "unstructured"\namount = 0.6\n{QUICK}'
    )
    return workshop, listener, run_chain(workshop)


def names_of(chain: Chain) -> list[str]:
    """Return the steps' names."""
    return [step.name for step in chain.steps]


def units_of(path: Path) -> dict[str, int]:
    """Return the filters and units of a model's layers."""
    configs = {layer.name: layer.get_config() for layer in load_model(path).layers}
    widths = {name: config.get("filters", config.get("units")) for name, config in configs.items()}
    return {name: width for name, width in widths.items() if width}


# ---- measuring -----------------------------------------------------------------------------------------------------


def test_every_step_is_measured_as_it_would_be_converted(narrowed: tuple[Workshop, Listener, Chain]) -> None:
    """The figures of the float model that is converted are those of the `.tflite` that it becomes."""
    _, _, chain = narrowed
    assert ["source", "prune", "prune", "convert"] == names_of(chain)
    before, after = chain.artefact.metrics, chain.converted.metrics
    assert before.model_copy(update={"float_scores": {}, "float_bytes": None}) == after
    assert before.float_bytes is not None
    assert 2 * before.file_bytes < before.float_bytes


def test_figures_equal_a_recount(narrowed: tuple[Workshop, Listener, Chain]) -> None:
    """Bytes, parameters, MACs, arena and accuracy are those that the `.tflite` itself gives when it is counted anew."""
    workshop, _, chain = narrowed
    tflite = chain.converted.path.read_bytes()
    graph, metrics = read(tflite), chain.converted.metrics
    assert count_tflite(tflite).model_dump() == metrics.model_dump(include=set(count_tflite(tflite).model_dump()))
    assert len(tflite) == metrics.file_bytes
    units = units_of(chain.artefact.path)
    assert {"conv1": 8, "conv2": 8, "hidden": 16, "digits": 10} == units
    # 8x8 places of 9 weights, 4x4 places of 72, 4*4*8 inputs, and 16 units
    assert 64 * 9 * 8 + 16 * 72 * 8 + 128 * 16 + 16 * 10 == metrics.mac_count
    assert 9 * 8 + 8 + 72 * 8 + 8 + 128 * 16 + 16 + 16 * 10 + 10 == metrics.parameter_count
    validation = workshop.data.load().validation
    result = run(Request(engine=tflm_engine(), tflite=tflite, inputs=model_inputs(graph, validation.x)))
    (outputs,) = real_outputs(graph, result.outputs, [(10,)])
    accuracy = float((outputs.argmax(axis=1) == validation.y[0]).mean())
    assert abs(accuracy - metrics.int8_score) <= 1 / len(validation)  # the interpreters may round one sample apart
    assert metrics.arena_bytes >= 8 * 8 * (1 + 8)  # at least the input and the first convolution's output


def test_decisions_are_made_on_the_validation_split(narrowed: tuple[Workshop, Listener, Chain]) -> None:
    """The source model's score is that of the samples held out of training, not of the test split."""
    workshop, _, chain = narrowed
    data = workshop.data.load()
    model = load_model(chain.source.path)
    scores = [
        float((model.predict(np.asarray(split.x[0]), verbose=0).argmax(axis=1) == split.y[0]).mean())
        for split in (data.validation, data.test)
    ]
    assert pytest.approx(scores[0]) == chain.source.metrics.float_score
    assert len(data.test) == len(digits()["y_test"])
    assert len(data.train) + len(data.validation) == len(digits()["y_train"])


def test_a_step_says_why_it_saved_nothing(narrowed: tuple[Workshop, Listener, Chain]) -> None:
    """Removed channels save; zeros do not, and the notes and what was printed say why."""
    _, listener, chain = narrowed
    channels, zeros = chain.steps[1:3]
    reason = 'unstructured zeros change only the gzip size; use structure = "channel"'
    assert reason in zeros.notes
    assert f"  {reason}" in listener.lines
    assert not any("gzip" in note or "no layer became narrower" in note for note in channels.notes)
    assert channels.metrics.file_bytes < chain.source.metrics.file_bytes
    assert channels.metrics.mac_count == zeros.metrics.mac_count
    assert zeros.metrics.gzip_bytes < channels.metrics.gzip_bytes
    assert zeros.metrics.nonzero_parameter_count < channels.metrics.nonzero_parameter_count
    assert () == chain.converted.notes


def test_a_warm_run_trains_nothing(
    narrowed: tuple[Workshop, Listener, Chain], cache: Cache, digits_npz: Path, digits_h5: Path
) -> None:
    """The second run finds every step and every figure, and touches nothing in the cache."""
    workshop, listener, chain = narrowed
    assert {"prune", "prune: step 1 of 1"} == set(listener.bars)
    before = snapshot(cache.root)
    again, second = _workshop(workshop.recipe, cache, digits_npz, digits_h5)
    warm = run_chain(again)
    assert chain == warm
    assert [] == second.bars
    assert before == snapshot(cache.root)
    assert [False, True] == [all(step.is_cached for step in one.steps[1:]) for one in (chain, warm)]
    assert 3 == sum(" (cached): " in line for line in second.lines)


def test_chosen_scales_are_measured_as_they_were_converted(
    new_workshop: Callable[..., tuple[Workshop, Listener]],
) -> None:
    """The source has the figures of fixed scales, the conversion those of its own file; a warm run finds both."""
    workshop, listener = new_workshop("", convert=f'{CONVERT}scales = "auto"\n')
    chain = run_chain(workshop)
    fixed = run_chain(new_workshop("")[0])
    assert fixed.source.metrics == chain.source.metrics
    metrics, tflite = chain.converted.metrics, chain.converted.path.read_bytes()
    assert count_tflite(tflite).model_dump() == metrics.model_dump(include=set(count_tflite(tflite).model_dump()))
    assert measure_host_arena(tflite) == metrics.arena_bytes
    assert fixed.converted.metrics != metrics
    record = read_scales(chain.converted.path)
    assert record is not None
    assert record.chosen.file_bytes == metrics.file_bytes < record.per_channel.file_bytes
    assert pytest.approx(metrics.int8_score) == record.chosen.score  # there are fewer samples than would be drawn
    assert ["conv1", "conv2", "hidden", "digits"] == [one.layer for one in record.layers]
    assert any("one scale for all weights in" in line for line in listener.lines)
    assert chain == run_chain(workshop)


def test_a_budget_decides_the_scales(new_workshop: Callable[..., tuple[Workshop, Listener]]) -> None:
    """Another budget is another entry of the cache where scales are chosen, and the same one where they are not."""
    for scales, count in (("auto", 3), ("fixed", 1)):
        found = set()
        for budget in ("", "[budget]\nmax_accuracy_drop = 0.05\n", "[budget]\nmax_accuracy_drop = 0.01\n"):
            workshop, _ = new_workshop("", budget, f'{CONVERT}scales = "{scales}"\n')
            stage, settings = workshop.recipe.stages[-1]
            found.add(digest_value(stage_ingredients(workshop, stage, settings, workshop.source_path)))
        assert count == len(found)


# ---- rollback ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rolled_back(new_workshop: Callable[..., tuple[Workshop, Listener]]) -> tuple[Workshop, Listener, Chain]:
    """A chain of which the first stage ruins the model, with a budget; another stage follows."""
    workshop, listener = new_workshop(
        f'[[stages]]\nstage = "prune"\namount = 0.95\n{HOPELESS}'
        f'[[stages]]\nstage = "prune"\namount = 0.2\nstep_epochs = 0\n{QUICK}',
        "[budget]\nmax_accuracy_drop = 0.05\n",
    )
    return workshop, listener, run_chain(workshop)


def test_a_stage_over_the_budget_is_rolled_back(rolled_back: tuple[Workshop, Listener, Chain]) -> None:
    """Its figures are kept with the reason, and what follows starts from the artefact before it."""
    workshop, listener, chain = rolled_back
    ruined, good = chain.steps[1:3]
    assert ruined.rolled_back is not None
    drop = chain.source.metrics.float_score - ruined.metrics.int8_score
    assert drop > 0.05
    assert f"{drop:.4f} worse than the source model's" in ruined.rolled_back
    assert "up to 0.05 is accepted" in ruined.rolled_back
    assert any("rolled back:" in line and "worse than" in line for line in listener.lines)
    assert ruined.metrics == measure_artefact(ruined.path, workshop)
    assert None is good.rolled_back
    assert {"conv1": 13, "conv2": 13, "hidden": 26, "digits": 10} == units_of(good.path)  # of 16, 16 and 32
    assert good == chain.artefact


def test_without_a_budget_nothing_is_rolled_back(new_workshop: Callable[..., tuple[Workshop, Listener]]) -> None:
    """The same ruined model is what is converted when no budget was given."""
    workshop, _ = new_workshop(f'[[stages]]\nstage = "prune"\namount = 0.95\n{HOPELESS}')
    chain = run_chain(workshop)
    assert [None, None, None] == [step.rolled_back for step in chain.steps]
    assert {"conv1": 1, "conv2": 1, "hidden": 2, "digits": 10} == units_of(chain.artefact.path)


def test_when_every_stage_is_rolled_back_the_source_is_converted(
    new_workshop: Callable[..., tuple[Workshop, Listener]],
) -> None:
    """The earlier artefact is left as it was: the result is that of the conversion alone."""
    ruin = f'[[stages]]\nstage = "prune"\namount = 0.95\n{HOPELESS}'
    workshop, _ = new_workshop(ruin, "[budget]\nmax_accuracy_drop = 0.05\n")
    chain = run_chain(workshop)
    alone = run_chain(new_workshop("")[0])
    assert chain.source == chain.artefact
    assert alone.converted.path.read_bytes() == chain.converted.path.read_bytes()
    assert alone.converted.metrics == chain.converted.metrics


# ---- stages of the tests' own --------------------------------------------------------------------------------------


class OwnSettings(StageSettings):
    """Of a stage without any."""

    stage: str = "own"


def own_stage(run_stage: Callable[[OwnSettings, StageWork], None], name: str = "own") -> tuple[Stage, StageSettings]:
    """Return an entry of a recipe for a function."""
    stage = Stage(
        name=name,
        settings=OwnSettings,
        accepts=ArtefactKind.KERAS,
        produces=ArtefactKind.KERAS,
        run=run_stage,
        check=lambda settings, model, folder: None,
        why_not_smaller=lambda settings: "it is of one's own",
        modules=("chain.py",),
    )
    return stage, OwnSettings(stage=name)


def with_first(workshop: Workshop, entry: tuple[Stage, StageSettings]) -> Workshop:
    """Put a stage before all others."""
    return replace(workshop, recipe=replace(workshop.recipe, stages=(entry, *workshop.recipe.stages)))


def unbalance(settings: OwnSettings, work: StageWork) -> None:
    """Make one channel so large that int8 has no steps left for the others; in float the next layer undoes it."""
    del settings
    model = load_model(work.input_path)
    kernel, bias = model.get_layer("conv1").get_weights()
    following, following_bias = model.get_layer("conv2").get_weights()
    loudest = int(np.argmax(np.abs(kernel).sum(axis=(0, 1, 2))))
    kernel[..., loudest] *= 4096
    bias[loudest] *= 4096
    following[:, :, loudest] /= 4096
    model.get_layer("conv1").set_weights([kernel, bias])
    model.get_layer("conv2").set_weights([following, following_bias])
    save_model(model, work.output_path)


QAT = '[[stages]]\nstage = "qat"\ntraining = { epochs = 1 }\n'


@pytest.mark.parametrize(("stages", "is_kept"), [("", False), (QAT, True)], ids=["alone", "before qat"])
def test_what_quantization_costs_counts_unless_training_for_it_is_to_come(
    stages: str, is_kept: bool, new_workshop: Callable[..., tuple[Workshop, Listener]]
) -> None:
    """A stage is judged by its integer model, but by the float one where `qat` follows."""
    workshop, _ = new_workshop(stages, "[budget]\nmax_accuracy_drop = 0.05\n")
    chain = run_chain(with_first(workshop, own_stage(unbalance, "unbalance")))
    step = chain.steps[1]
    assert abs(step.metrics.float_score - chain.source.metrics.float_score) < 0.01
    assert step.metrics.int8_score < chain.source.metrics.float_score - 0.05
    assert is_kept == (step.rolled_back is None)
    if stages:
        trained = chain.steps[2]
        assert [] == [note for note in trained.notes if note.startswith("left out")]
        assert trained.rolled_back is None or "worse than the source" in trained.rolled_back


def test_training_that_diverges_says_where_the_earlier_model_is(
    new_workshop: Callable[..., tuple[Workshop, Listener]],
) -> None:
    """The error names the file with the model before the stage, and the cache has no entry of the failed one."""

    def fail(settings: OwnSettings, work: StageWork) -> None:
        del settings, work
        raise DivergedError("own: training diverged.")

    workshop, _ = new_workshop("")
    with pytest.raises(
        DivergedError, match=r"own: training diverged\. The model before this stage is kept in (.*)\.$"
    ) as caught:
        run_chain(with_first(workshop, own_stage(fail, "diverging")))
    assert str(workshop.source_path) in str(caught.value)
    assert not (workshop.cache.root / "diverging").exists()


def test_a_stage_that_cannot_work_is_refused_before_any_training(
    new_workshop: Callable[..., tuple[Workshop, Listener]],
) -> None:
    """The second stage is refused before the first has begun."""
    workshop, listener = new_workshop(
        f'[[stages]]\nstage = "distill"\n{QUICK}[[stages]]\nstage = "prune"\nkeep = ["conv3"]\n'
    )
    with pytest.raises(ModelError, match=r'no layer "conv3" to keep'):
        run_chain(workshop)
    assert [] == listener.bars


def test_user_files_are_ingredients(
    new_workshop: Callable[..., tuple[Workshop, Listener]],
) -> None:
    """A student of the user's own is taught again when the file changes that builds it, and else found."""
    workshop, listener = new_workshop(f'[[stages]]\nstage = "distill"\nstudent = "mine.py:student"\n{QUICK}')
    mine = workshop.recipe.folder / "mine.py"
    source = (
        "from tf_keras import Sequential, layers\n"
        "def student(source):\n"
        "    return Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense({}), layers.Dense(10)])\n"
    )
    trained = []
    for width in (4, 4, 5):
        mine.write_text(source.format(width))
        chain = run_chain(workshop)
        trained.append((len(listener.bars), chain.artefact.metrics.mac_count))
    assert [(1, 64 * 4 + 40), (1, 64 * 4 + 40), (2, 64 * 5 + 50)] == trained


# ---- the search ----------------------------------------------------------------------------------------------------

AUTO = '[[stages]]\nstage = "prune"\namount = "auto"\nstep_epochs = 0\nimportance = "l1"\n'
NOTE = re.compile(r"(trial|whole training) of amount = ([0-9.]+)(?:, [^:]+)?: (.*)")


def attempts_of(notes: Sequence[str]) -> list[tuple[str, float, bool]]:
    """Return what a search tried: kind of training, amount, and whether it was accepted."""
    found = [match for note in notes if (match := NOTE.fullmatch(note))]
    return [(match[1], float(match[2]), match[3] == "accepted") for match in found]


def test_auto_finds_the_strongest_amount(
    new_workshop: Callable[..., tuple[Workshop, Listener]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole training of what was found passes, the next stronger amount failed, and the notes tell all that."""
    amounts = (0.1, 0.3, 0.97)
    monkeypatch.setattr(prune, "TRIAL_AMOUNTS", amounts)
    workshop, listener = new_workshop(f"{AUTO}{QUICK}", "[budget]\nmax_accuracy_drop = 0.05\n")
    chain = run_chain(workshop)
    step = chain.steps[1]
    assert isinstance(step.settings, prune.PruneSettings)
    assert step.rolled_back is None
    attempts = attempts_of(step.notes)
    assert ("trial", 0.3) == attempts[0][:2]
    assert ("whole training", step.settings.amount, True) == attempts[-1]
    assert isinstance(step.settings.amount, float)
    stronger = amounts[amounts.index(step.settings.amount) + 1]  # the strongest leaves one channel and cannot pass
    assert [False] == [accepted for _, amount, accepted in attempts if amount == stronger]
    assert chain.source.metrics.float_score - step.metrics.int8_score <= 0.05 + 1e-9
    assert step == chain.artefact
    trained = {amount for _, amount, _ in attempts}  # a trial of two epochs is the whole training, and found again
    assert len(trained) == len(listener.bars)


def test_a_stage_of_which_the_budget_bears_nothing(
    new_workshop: Callable[..., tuple[Workshop, Listener]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where even the weakest amount fails the stage is left out, with everything that was tried."""
    monkeypatch.setattr(prune, "TRIAL_AMOUNTS", (0.95, 0.97))
    workshop, _ = new_workshop(f"{AUTO}{HOPELESS.splitlines()[0]}\n", "[budget]\nmax_accuracy_drop = 0.02\n")
    chain = run_chain(workshop)
    step = chain.steps[1]
    assert "the budget bears none of its settings" == step.rolled_back
    assert [("trial", 0.97, False), ("trial", 0.95, False), ("whole training", 0.95, False)] == attempts_of(step.notes)
    assert chain.source == chain.artefact
    assert chain.source.metrics == step.metrics
