"""The report says how much was automatic, how wrong it was, and where chances are wrong."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data.policy.policy import Policy
from models.automation.risk_control import promise_classes
from models.triage.load import load_triage
from training.triage.evaluation import score_period
from training.triage.reports import automation_report, calibration_report

POLICY = Policy.read()
TERMS = POLICY.promises


@pytest.fixture(scope="module")
def triage(shop):
    return load_triage(shop.store, shop.outcome.version)


@pytest.fixture(scope="module")
def scoring(shop, triage):
    return score_period(triage, shop.history, shop.as_of, shop.end)


@pytest.fixture(scope="module")
def sure(triage):
    """The champion with evidence that bears any promise: each class was always right."""
    certain = {
        label: replace(
            counts,
            accepted=500 + np.zeros_like(counts.accepted) + np.arange(counts.accepted.shape[1]),
            wrong=np.zeros_like(counts.wrong),
            still_open=np.zeros_like(counts.still_open),
            most_lost=np.zeros_like(counts.most_lost),
            pilot=None,
            thresholds=None,
        )
        for label, counts in triage.evidence.items()
    }
    certain_triage = replace(triage)
    certain_triage.evidence = certain
    return certain_triage


def test_a_champion_carries_evidence_for_category_and_team(triage):
    assert set(triage.evidence) == set(triage.sets) == {"category", "team"}
    for label, evidence in triage.evidence.items():
        assert evidence.names == triage.classes[label].names == triage.sets[label].names


def test_evidence_counts_rows_of_the_window_only(triage, scoring):
    accepted = triage.evidence["category"].accepted[:, -1].sum()

    assert 40 <= accepted < len(scoring.dataset.ids) / 3


def test_without_enough_evidence_nothing_is_automatic(scoring, triage):
    figures = automation_report.report(scoring, triage, TERMS)["category"]["promised"]["2%"]

    assert figures["automatic"] == 0
    assert figures["by_class"] == []


def test_with_evidence_for_all_everything_is_automatic_and_its_error_is_told(scoring, sure):
    figures = automation_report.report(scoring, sure, TERMS)["category"]["promised"]["5%"]
    probability = scoring.predictions.classes["category"].probability

    assert figures["share_automatic"]["value"] > 0.99
    assert figures["automatic"] == pytest.approx(len(probability), abs=3)
    assert figures["error"]["value"] == pytest.approx(figures["wrong"] / figures["known"])


def test_the_classes_add_up_to_the_whole(scoring, sure):
    figures = automation_report.report(scoring, sure, TERMS)["team"]["promised"]["10%"]

    for count in ("automatic", "known", "wrong"):
        assert sum(row[count] for row in figures["by_class"]) == figures[count]


def test_classes_that_were_set_to_another_are_named(scoring, sure):
    figures = automation_report.report(scoring, sure, TERMS)["category"]["promised"]["10%"]

    lost = sum(row["set_to_another"] for row in figures["lost_classes"])
    assert 0 < lost <= figures["wrong"]


def test_the_tables_can_be_printed(scoring, sure):
    figures = automation_report.report(scoring, sure, TERMS)

    assert len(automation_report.tables(figures)) == 2
    assert calibration_report.table(calibration_report.report(scoring, POLICY)).row_count >= 2


def test_chances_that_are_doubled_are_told_to_be_wrong(scoring):
    too_high = np.minimum(2 * scoring.predictions.p_breach + 0.1, 1)
    wrong = replace(scoring, predictions=replace(scoring.predictions, p_breach=too_high))

    figures = calibration_report.report(wrong, POLICY)["breach"]["all"]

    assert figures["gap_low"] > 0
    assert figures["calibration_error"] > 2 * figures["calibration_error_if_right"]


def test_calibration_is_told_by_segment(scoring):
    figures = calibration_report.report(scoring, POLICY)["breach"]

    assert sum(row["n"] for row in figures["severity"].values()) <= figures["all"]["n"]
    assert len(figures["severity"]) > 1


def test_the_money_of_the_posterior_is_compared_with_that_of_the_truth(scoring):
    figures = calibration_report.report(scoring, POLICY)["money"]["all"]

    assert figures["priced"] == pytest.approx(figures["cost"], rel=0.2)


def test_pictures_are_drawn(scoring, tmp_path):
    calibration_report.draw(scoring, tmp_path)

    assert {"breach.png", "first_category.png"} <= {path.name for path in tmp_path.iterdir()}


def test_what_is_promised_does_not_hang_on_the_weeks_that_follow(
    shop, fit, a_history, triage, with_another_future
):
    other = fit(a_history(with_another_future(shop.tables, shop.as_of)), pd.Timestamp(shop.as_of))

    for label, evidence in triage.evidence.items():
        assert promise_classes(other.evidence[label], TERMS) == promise_classes(evidence, TERMS)
