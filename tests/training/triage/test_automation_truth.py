"""Guarantees hold in simulated histories of which the true error is known.

Exceptions fall into cells. In each cell the classes have true shares, many of them near the
promised error, so that false promises are tempting. A model counts classes by cell on the past; a
pilot and blocks of a test follow, each predicted by a model that counted all before it; then it is
fitted anew on everything and inherits the thresholds. The accepted rows are a set of cells, so
their true error is a sum and not an estimate.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

from data.policy.automation import PromiseTerms
from data.policy.policy import Policy
from models.automation.evidence import CalibrationCounts, CalibrationRows
from models.automation.risk_control import LabelPromises, promise_classes
from models.automation.sequential_test import SequentialTest


@dataclass(frozen=True)
class SimulatedBusiness:
    """Distribution that histories are drawn from.

    Attributes:
        classes: How many; the k-th is about 1 / k as frequent as the first.
        cells: How many for each class.
        past: Rows that the model is fitted on.
        tested: Rows of each block of the test; the pilot has as many.
        errors: True errors of cells are drawn between these, evenly in logs.
        blocks: Of the test.
    """

    classes: int = 8
    cells: int = 12
    past: int = 4_000
    tested: int = 1_500
    errors: tuple[float, float] = (0.01, 0.2)
    blocks: int = 1


@dataclass(frozen=True)
class DrawnTruth:
    """One drawn truth.

    Attributes:
        cell: Shares of the cells.
        class_shares: (cells, classes) shares of the classes in each.
    """

    cell: np.ndarray
    class_shares: np.ndarray


@dataclass(frozen=True)
class PromiseOutcomes:
    """Results of the promises of many histories.

    Attributes:
        made: How many.
        false: Of how many the true error was above the promised.
        false_after: Of how many it was after the model was fitted anew.
        share_false: Mean over histories of the share of false ones among those made (0 of 0 is 0).
        share_false_after: The same after the model was fitted anew.
        automatic: Mean share of all exceptions that was automatic.
    """

    made: int
    false: int
    false_after: int
    share_false: float
    share_false_after: float
    automatic: float


def keep_promises(
    business: SimulatedBusiness, terms: PromiseTerms, histories: int = 1_000, seed: int = 1
) -> PromiseOutcomes:
    """Make the promises of many histories, each with a truth of its own."""
    rows = np.array(list(_each(business, terms, histories, seed)))
    made, false, after = rows[:, 0], rows[:, 1], rows[:, 2]
    among = np.maximum(made, 1)
    return PromiseOutcomes(
        int(made.sum()),
        int(false.sum()),
        int(after.sum()),
        float((false / among).mean()),
        float((after / among).mean()),
        float(rows[:, 3].mean()),
    )


def _each(
    business: SimulatedBusiness, terms: PromiseTerms, histories: int, seed: int
) -> Iterator[tuple[float, ...]]:
    names = [f"c{k}" for k in range(business.classes)]
    for history in range(histories):
        rng = np.random.default_rng((seed, history))
        truth = _truth(business, rng)
        past, pilot = (_counts(truth, n, rng) for n in (business.past, business.tested))
        tests = [_counts(truth, business.tested, rng) for _ in range(business.blocks)]
        before_block = [past, *(np.add.accumulate([past + pilot, *tests[:-1]]))[1:]]
        models = [_model(counts) for counts in before_block]
        rows = _joined([_rows(model, test) for model, test in zip(models, tests, strict=True)])
        evidence = CalibrationCounts.count("category", names, rows).with_pilot(
            CalibrationCounts.count("category", names, _rows(models[0], pilot))
        )
        promises = promise_classes(evidence, terms)
        before = _errors(promises, models, truth)
        anew = _model(past + pilot + sum(tests))
        cells = np.concatenate(
            [np.repeat(np.arange(len(test)), test.sum(axis=1)) for test in tests]
        )
        inherited = promise_classes(evidence.for_model(anew[cells]), terms)
        after = _errors(inherited, [anew], truth)
        made = np.isfinite(promises.thresholds)
        set_alone = inherited.automatic(anew.argmax(axis=1), anew.max(axis=1))
        yield (
            float(made.sum()),
            float((before > terms.error)[made].sum()),
            float((after > terms.error)[made].sum()),
            float(truth.cell[set_alone].sum()),
        )


def _truth(business: SimulatedBusiness, rng: np.random.Generator) -> DrawnTruth:
    classes, cells = business.classes, business.classes * business.cells
    own = np.tile(np.arange(classes), business.cells)
    cell = rng.dirichlet(np.full(cells, 2.0)) / (1 + own)
    error = np.exp(rng.uniform(np.log(business.errors[0]), np.log(business.errors[1]), cells))
    shares = rng.dirichlet(np.full(classes, 0.5), cells)
    shares[np.arange(cells), own] = 0
    shares *= (error / shares.sum(axis=1))[:, None]
    shares[np.arange(cells), own] = 1 - error
    return DrawnTruth(cell / cell.sum(), shares)


def _counts(truth: DrawnTruth, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw (cells, classes) counts of n rows."""
    joint = truth.cell[:, None] * truth.class_shares
    return rng.multinomial(n, joint.ravel()).reshape(joint.shape)


def _model(counts: np.ndarray) -> np.ndarray:
    """Return (cells, classes) probabilities, drawn a little towards the shares of all."""
    overall = (counts.sum(axis=0) + 0.5) / (counts.sum() + 0.5 * counts.shape[1])
    return (counts + overall) / (counts.sum(axis=1, keepdims=True) + 1)


def _rows(model: np.ndarray, counts: np.ndarray) -> CalibrationRows:
    cell, code = np.divmod(np.repeat(np.arange(counts.size), counts.ravel()), counts.shape[1])
    return CalibrationRows.fully_labelled(model[cell], code)


def _joined(blocks: list[CalibrationRows]) -> CalibrationRows:
    return CalibrationRows.fully_labelled(
        np.concatenate([block.probability for block in blocks]),
        np.concatenate([block.code for block in blocks]),
    )


def _errors(promises: LabelPromises, models: list[np.ndarray], truth: DrawnTruth) -> np.ndarray:
    """Return the true error of each class among what models set; 0 if nothing is."""
    taken, wrong = np.zeros((2, models[0].shape[1]))
    for model in models:
        best = model.argmax(axis=1)
        share = truth.cell * promises.automatic(best, model.max(axis=1))
        among = share * (1 - truth.class_shares[np.arange(len(best)), best])
        taken = taken + np.bincount(best, share, model.shape[1])
        wrong = wrong + np.bincount(best, among, model.shape[1])
    return wrong / np.maximum(taken, 1e-12)


def audits_until_withdrawn(
    alarm: SequentialTest, actual: float, *, good: int = 0, runs: int = 1_000, most: int = 3_000
) -> np.ndarray:
    """Return for each run after how many audits of the changed error it is withdrawn.

    Args:
        alarm: Of the promise.
        actual: The error after the change.
        good: Audits before it, at the promised error; runs withdrawn during them are left out.
        runs: How many.
        most: Audits after the change; infinite where it is not withdrawn by then.
    """
    rng = np.random.default_rng(3)
    audits = []
    for _ in range(runs):
        chance = np.repeat([alarm.error, actual], [good, most])
        after = alarm.suspended_after(rng.random(good + most) < chance)
        if after is None or after > good:
            audits.append(np.inf if after is None else after - good)
    return np.array(audits)


TERMS = Policy.read().promises
FEW, MANY = SimulatedBusiness(), SimulatedBusiness(classes=40, cells=6, past=8_000, tested=4_000)
NEARLY = SimulatedBusiness(errors=(0.0501, 0.052))
ROLLING = SimulatedBusiness(past=1_500, tested=500, blocks=4)
ROLLING_NEARLY = replace(ROLLING, errors=(0.0501, 0.052))
BUSINESSES = {
    "few classes": FEW,
    "all a little too bad": NEARLY,
    "rolling": ROLLING,
    "rolling, all a little too bad": ROLLING_NEARLY,
}


def most(histories):
    """A share of 5 % with three standard errors of so many histories."""
    return 0.05 + 3 * np.sqrt(0.05 * 0.95 / histories)


@pytest.mark.parametrize("business", BUSINESSES.values(), ids=BUSINESSES.keys())
def test_promises_are_false_no_more_often_than_they_say(business):
    outcomes = keep_promises(business, TERMS, histories=100)

    assert outcomes.share_false <= most(100)
    assert outcomes.share_false_after <= most(100)


@pytest.mark.slow
@pytest.mark.parametrize("business", BUSINESSES.values(), ids=BUSINESSES.keys())
def test_in_a_thousand_histories_promises_hold_also_after_a_new_fit(business):
    outcomes = keep_promises(business, TERMS, histories=1_000, seed=2)

    assert outcomes.share_false <= most(1_000)
    assert outcomes.share_false_after <= most(1_000)


def test_many_classes_do_not_make_promises_false():
    outcomes = keep_promises(MANY, TERMS, histories=40)

    assert outcomes.made >= 40
    assert outcomes.share_false <= most(40)
    assert outcomes.share_false_after <= most(40)


def test_more_blocks_promise_more():
    sparse = replace(ROLLING, errors=(0.002, 0.2))
    one, four = (
        keep_promises(replace(sparse, blocks=blocks), TERMS, histories=30).automatic
        for blocks in (1, 4)
    )

    assert four >= one + 0.1


def test_what_can_be_promised_is():
    terms = TERMS.model_copy(update={"error": 0.1})

    assert keep_promises(FEW, terms, histories=20).automatic >= 0.4


@pytest.mark.parametrize(
    ("actual", "good", "within"), [(0.1, 0, 500), (0.2, 0, 80), (0.2, 300, 150), (0.4, 0, 30)]
)
def test_after_a_drift_a_promise_is_withdrawn_within_so_many_audits(actual, good, within):
    audits = audits_until_withdrawn(SequentialTest(0.05, 0.05), actual, good=good, runs=300)

    assert np.quantile(audits, 0.95) <= within


def test_while_a_promise_holds_it_is_suspended_no_more_often_than_the_level():
    audits = audits_until_withdrawn(SequentialTest(0.05, 0.05), 0.05, runs=300, most=1_000)

    assert np.isfinite(audits).mean() <= most(300)
