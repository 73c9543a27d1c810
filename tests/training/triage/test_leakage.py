"""The leakage alarm: a later period can be told, ends that were dealt out at random can not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from data.ticks import tick_of
from models.breach.catalog import breach_estimators
from training.triage.breach.fit_breach import breach_task, fit_breach
from training.triage.fit import TrainingRows
from training.triage.fit_resolve import fit_resolve


def _later_auc(prepared, as_of, name):
    """AUC of one estimator, learned before a moment, on what was detected after it."""
    dataset = prepared.dataset
    learned = TrainingRows.before(dataset, tick_of(as_of))
    resolve, _ = fit_resolve(prepared, learned)
    estimator = fit_breach(breach_task(prepared, learned, resolve), only=[name])[name]
    breached = dataset.labels.breached
    rows = np.flatnonzero((dataset.detected_at >= tick_of(as_of)) & ~np.isnan(breached))
    later = prepared.rows.take(rows)
    return roc_auc_score(breached[rows], estimator.predict(later, resolve.chances(later)))


every_estimator = pytest.mark.parametrize("name", breach_estimators())


@pytest.fixture(scope="module")
def as_it_was(shop, prepared):
    return prepared(shop.history, shop.end)


@every_estimator
def test_breaches_of_a_later_period_are_told_from_the_rest(shop, as_it_was, name):
    assert _later_auc(as_it_was, shop.as_of, name) > 0.65


def _given_to_others(tables):
    """Give each exception the end of another one, as long after its own detection."""
    random = np.random.default_rng(9)
    raised, ended = tables["exceptions"], tables["outcomes"]
    raised = raised[raised["exception_id"].isin(ended["exception_id"])]
    detected = raised.set_index("exception_id")["detected_at"]
    taken = pd.Series(random.permutation(detected.index), index=detected.index)
    changed = {"exceptions": raised, "orders": tables["orders"]}
    for name in ("exception_events", "outcomes"):
        rows = tables[name][tables[name]["exception_id"].isin(taken.index)].copy()
        new = taken.loc[rows["exception_id"]]
        shift = detected.loc[new].array - detected.loc[rows["exception_id"]].array
        for column in ("known_at", "occurred_at", "resolved_at", "breached_at"):
            if column in rows:
                rows[column] += shift
        changed[name] = rows.assign(exception_id=new.to_numpy())
    return changed


@pytest.fixture(scope="module")
def shuffled(shop, prepared, a_history):
    return prepared(a_history(_given_to_others(shop.tables)), shop.end)


@every_estimator
def test_shuffled_ends_can_not_be_told(shop, shuffled, name):
    assert _later_auc(shuffled, shop.as_of, name) == pytest.approx(0.5, abs=0.12)
