import pytest

from training.common.measures import Figure
from training.drift.columns import ColumnDrift, DriftComparison
from training.drift.cost import CalibrationCost, PeriodCalibration
from training.drift.verdict import DriftFinding, decided_by, finding, sentence


@pytest.fixture
def comparison():
    """Three features, the promised and the seen breach rate; each has a distance."""

    def _comparison(feature=0.0, predicted=0.0, breached=0.0):
        distances = {
            "weekday": feature,
            "total": 0.05,
            "severity": 0.01,
            "prediction.p_breach": predicted,
            "outcome.breached": breached,
        }
        columns = [
            ColumnDrift(name, "wasserstein", score, 0.1, "mean", 0.66, 0.22)
            for name, score in distances.items()
        ]
        return DriftComparison(columns, {}, "")

    return _comparison


@pytest.fixture
def a_cost():
    """A change of the calibration error, certain to 0.01."""

    def _cost(change, label="breach", before=0.10):
        errors = (before, before + change)
        before, now = (PeriodCalibration(500, 0.41, 0.22, error, 0.02) for error in errors)
        return CalibrationCost(label, before, now, Figure(change, change - 0.01, change + 0.01))

    return _cost


def test_drift_that_costs_says_what_moved_what_it_costs_and_what_to_do(comparison, a_cost):
    text = sentence(comparison(feature=0.5, breached=0.4), [a_cost(0.09)])

    assert text == (
        "Drift: 1 of 3 features (most weekday, mean 0.66 -> 0.22) and the breach rate "
        "(0.66 -> 0.22); breaches promised 0.41, seen 0.22: calibration error 0.10 -> 0.19. "
        "Retrain."
    )


def test_moved_features_alone_are_no_drift_that_costs(comparison, a_cost):
    text = sentence(comparison(feature=0.5, predicted=0.2), [a_cost(0.0)])

    assert text.startswith("No drift that costs: 1 of 3 features")


def test_another_regime_that_the_champion_reads_rightly_asks_for_no_retraining(comparison, a_cost):
    text = sentence(comparison(breached=0.5), [a_cost(-0.08)])

    assert text.startswith("Drift: ")
    assert text.endswith("The champion keeps up with it.")


def test_another_regime_that_the_champion_still_misses_asks_for_retraining(comparison, a_cost):
    result = finding(comparison(breached=0.5), [a_cost(-0.33, before=0.48)])

    assert result is DriftFinding.COSTS


def test_another_regime_of_few_known_outcomes_is_to_be_looked_at_again(comparison):
    assert finding(comparison(breached=0.5), []) is DriftFinding.NOT_KNOWN_YET


def test_a_breach_rate_that_swings_as_it_does_from_week_to_week_is_quiet(comparison, a_cost):
    assert finding(comparison(breached=0.12), [a_cost(0.0)]) is DriftFinding.NONE


def test_predictions_warn_as_long_as_outcomes_are_not_known(comparison):
    assert finding(comparison(predicted=0.3), []) is DriftFinding.NOT_KNOWN_YET
    assert "too few outcomes are known" in sentence(comparison(predicted=0.3), [])


def test_the_label_whose_calibration_suffered_is_told(comparison, a_cost):
    text = sentence(comparison(), [a_cost(0.0), a_cost(0.07, label="team")])

    assert "right teams promised" in text
    assert text.endswith("Retrain.")


def test_what_decided_is_the_calibration_that_grew_most(comparison, a_cost):
    text = decided_by(comparison(), [a_cost(0.05, "team"), a_cost(0.09)])

    assert text == "the calibration error of breach grew beyond chance, by 0.090 (0.080 to 0.100)"


def test_what_decided_is_the_other_breach_rate_where_no_calibration_grew(comparison, a_cost):
    text = decided_by(comparison(breached=0.5), [a_cost(0.0)])

    assert text.startswith("the breach rate is another one: 0.66 -> 0.22, distance 0.50")


def test_what_decided_are_predictions_while_outcomes_are_few(comparison):
    assert "the predictions moved (prediction.p_breach)" in decided_by(
        comparison(predicted=0.3), []
    )
    assert decided_by(comparison(), []).startswith("no prediction moved")


def test_what_decided_is_said_where_nothing_drifted_too(comparison, a_cost):
    text = decided_by(comparison(), [a_cost(0.0)])

    assert text.startswith("no calibration error grew beyond chance (breach)")
