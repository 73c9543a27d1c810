"""Breaches of real histories: later outcomes are told at least as well as by plain LightGBM."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.run_source import import_files
from data.ingest.sources import source_folder
from training.triage.breach.breach_evaluation import plain_chance
from training.triage.dataset import TriageDataset
from training.triage.entity_selection import choose
from training.triage.evaluation import score_period
from training.triage.final_fit import fit_final
from training.triage.fit import prepare
from training.triage.rehearsal import rehearse

TERMS = ImportTerms("test", pd.Timestamp("2025-01-01", tz="UTC"))
WORLDS = {
    "incident_log": ("utf-8", "2016-04-15", "2016-04-29"),
    "just_in_time": ("latin-1", "2017-01-01", "2018-01-01"),
}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def judged(real_data, tmp_path_factory):
    """Outcomes of a later period, with the chances of our model and of plain LightGBM."""
    done = {}

    def _judged(name):
        if name not in done:
            encoding, as_of, until = WORLDS[name]
            as_of, until = (pd.Timestamp(day, tz="UTC") for day in (as_of, until))
            into = tmp_path_factory.mktemp(name) / "history"
            source = source_folder(name)
            import_files([real_data / name], source, into, TERMS, encoding=encoding)
            history = History.open(into)
            dataset = TriageDataset.read(history, as_of)
            prepared = prepare(dataset, *choose(dataset))
            triage = fit_final(prepared, rehearse(prepared, labels=()))
            scoring = score_period(triage, history, as_of, until)
            label = scoring.dataset.labels.breached[scoring.rows]
            known = ~np.isnan(label)
            plain = plain_chance(scoring.dataset, scoring.rows, triage.trained_as_of)
            done[name] = label[known], scoring.predictions.p_breach[known], plain[known]
        return done[name]

    return _judged


@pytest.mark.long
@pytest.mark.parametrize("name", WORLDS)
def test_later_breaches_are_told_no_worse_than_by_plain_lightgbm(judged, name):
    label, ours, plain = judged(name)

    assert log_loss(label, ours) <= log_loss(label, plain)
    assert roc_auc_score(label, ours) >= roc_auc_score(label, plain)


@pytest.mark.long
def test_late_lines_of_a_retailer_are_told_at_ordering(judged):
    label, ours, _ = judged("just_in_time")

    # Plain LightGBM on the columns known at ordering: the mark that was measured beforehand.
    assert roc_auc_score(label, ours) >= 0.766
