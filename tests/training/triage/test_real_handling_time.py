"""The handling time of a real help desk is told better than by its median, on later tickets."""

import pandas as pd
import pytest

from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.run_source import import_files
from data.ingest.sources import source_folder
from training.triage.dataset import TriageDataset
from training.triage.entity_selection import choose
from training.triage.evaluation import handling_hours, report, score_period
from training.triage.final_fit import fit_final
from training.triage.fit import prepare
from training.triage.rehearsal import rehearse

TERMS = ImportTerms("test", pd.Timestamp("2025-01-01", tz="UTC"))
AS_OF, UNTIL = (pd.Timestamp(day, tz="UTC") for day in ("2012-01-01", "2012-07-01"))
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def judged(real_data, tmp_path_factory):
    """Predictions of the first half of 2012 by a model of the time before, and their figures."""
    into = tmp_path_factory.mktemp("helpdesk") / "history"
    import_files([real_data / "helpdesk"], source_folder("helpdesk"), into, TERMS)
    history = History.open(into)
    dataset = TriageDataset.read(history, AS_OF)
    prepared = prepare(dataset, *choose(dataset))
    triage = fit_final(prepared, rehearse(prepared, labels=()))
    scoring = score_period(triage, history, AS_OF, UNTIL)
    return scoring, report(scoring, triage)


def test_the_handling_time_is_elapsed_for_work_is_not_recorded(judged):
    scoring, figures = judged

    assert handling_hours(scoring.predictions, len(scoring.rows)).basis == "elapsed"
    assert figures["touch_minutes"] is None


@pytest.mark.parametrize("measure", ["median_mae", "pinball", "log_pinball"])
def test_later_handling_times_are_told_better_than_by_the_median_of_all(judged, measure):
    hours = judged[1]["hours_to_resolve"]

    ours, constant = (hours[name] for name in ("model", "quantiles of all known before"))
    assert hours["labelled"] > 900
    assert ours[measure]["value"] < constant[measure]["value"]
