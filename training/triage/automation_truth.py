"""Histories whose truth is known: how often promises are false, and how soon they are withdrawn.

Exceptions fall into cells; in each cell the classes have true shares, many of them near the
promised error, so that false promises are tempting. A model counts classes by cell on the past; a
pilot and a test follow; then it is fitted anew on everything and inherits the thresholds. What is
accepted is a set of cells, so its true error is a sum and not an estimate.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from data.policy.automation import PromiseTerms
from models.automation.evidence import CalibrationCounts, CalibrationRows
from models.automation.risk_control import LabelPromises, promise_classes
from models.automation.sequential_test import SequentialTest


@dataclass(frozen=True)
class SimulatedBusiness:
    """Business from which histories are drawn.

    Attributes:
        classes: How many; the k-th is about 1 / k as frequent as the first.
        cells: How many for each class.
        past: Rows that the model is fitted on.
        tested: Rows of the test; the pilot has as many.
        errors: True errors of cells are drawn between these, evenly in logs.
    """

    classes: int = 8
    cells: int = 12
    past: int = 4_000
    tested: int = 1_500
    errors: tuple[float, float] = (0.01, 0.2)


@dataclass(frozen=True)
class DrawnTruth:
    """One drawn truth.

    Attributes:
        cell: Shares of the cells.
        given: (cells, classes) shares of the classes in each.
    """

    cell: np.ndarray
    given: np.ndarray


@dataclass(frozen=True)
class PromiseOutcomes:
    """Outcomes of the promises of many histories.

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
        past, pilot, test = (
            _counts(truth, n, rng) for n in (business.past, business.tested, business.tested)
        )
        model = _model(past)
        evidence = _evidence(names, model, test, _evidence(names, model, pilot))
        promises = promise_classes(evidence, terms)
        before = _errors(promises, model, truth)
        anew = _model(past + pilot + test)
        rows = np.repeat(np.arange(len(test)), test.sum(axis=1))
        inherited = promise_classes(evidence.for_model(anew[rows]), terms)
        after = _errors(inherited, anew, truth)
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
    given = rng.dirichlet(np.full(classes, 0.5), cells)
    given[np.arange(cells), own] = 0
    given *= (error / given.sum(axis=1))[:, None]
    given[np.arange(cells), own] = 1 - error
    return DrawnTruth(cell / cell.sum(), given)


def _counts(truth: DrawnTruth, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw (cells, classes) counts of n rows."""
    joint = truth.cell[:, None] * truth.given
    return rng.multinomial(n, joint.ravel()).reshape(joint.shape)


def _model(counts: np.ndarray) -> np.ndarray:
    """Return (cells, classes) probabilities, drawn a little towards the shares of all."""
    overall = (counts.sum(axis=0) + 0.5) / (counts.sum() + 0.5 * counts.shape[1])
    return (counts + overall) / (counts.sum(axis=1, keepdims=True) + 1)


def _evidence(
    names: list[str], model: np.ndarray, counts: np.ndarray, pilot: CalibrationCounts | None = None
) -> CalibrationCounts:
    cell, code = np.divmod(np.repeat(np.arange(counts.size), counts.ravel()), counts.shape[1])
    evidence = CalibrationCounts.count(
        "category", names, CalibrationRows.fully_labelled(model[cell], code)
    )
    return evidence.with_pilot(pilot) if pilot else evidence


def _errors(promises: LabelPromises, model: np.ndarray, truth: DrawnTruth) -> np.ndarray:
    """Return the true error of each class among what is set automatically; 0 if nothing is."""
    best = model.argmax(axis=1)
    taken = truth.cell * promises.automatic(best, model.max(axis=1))
    wrong = taken * (1 - truth.given[np.arange(len(best)), best])
    share = np.bincount(best, taken, model.shape[1])
    return np.bincount(best, wrong, model.shape[1]) / np.maximum(share, 1e-12)


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
    found = []
    for _ in range(runs):
        chance = np.repeat([alarm.error, actual], [good, most])
        after = alarm.suspended_after(rng.random(good + most) < chance)
        if after is None or after > good:
            found.append(np.inf if after is None else after - good)
    return np.array(found)
