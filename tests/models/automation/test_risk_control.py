"""A class is promised where a window shows that it may be; where it can't, people decide."""

import numpy as np
import pytest
from scipy.stats import beta

from data.policy.policy import Policy
from models.automation.evidence import GRID, CalibrationCounts, CalibrationRows
from models.automation.risk_control import NO_THRESHOLD, LabelPromises, promise_classes

NAMES = ("address", "fraud", "late")
TERMS = Policy.read().promises


@pytest.fixture
def terms():
    """The default terms, with changes."""
    return lambda **changes: TERMS.model_copy(update=changes)


def held_out(*groups):
    """Rows of groups (predicted class, probability, rows, how many of them wrong)."""
    probability, code = [], []
    for predicted, top, n, wrong in groups:
        row = np.full(3, (1 - top) / 2)
        row[predicted] = top
        probability += [row] * n
        code += [(predicted + 1) % 3] * wrong + [predicted] * (n - wrong)
    return CalibrationRows.fully_labelled(np.array(probability), np.array(code))


def evidence(*groups):
    return CalibrationCounts.count("category", NAMES, held_out(*groups))


def of(promises: LabelPromises, name: str):
    return next(promise for promise in promises.classes if promise.name == name)


def test_enough_sure_rows_without_an_error_are_promised(terms):
    result = of(promise_classes(evidence((0, 0.97, 59, 0)), terms(error=0.05)), "address")

    assert result.made
    assert result.threshold <= 0.97


def test_one_row_too_few_is_not_enough(terms):
    assert not of(promise_classes(evidence((0, 0.97, 58, 0)), terms(error=0.05)), "address").made


def test_the_bound_is_that_of_clopper_and_pearson(terms):
    result = of(promise_classes(evidence((0, 0.97, 400, 8)), terms(error=0.05)), "address")

    assert result.bound == pytest.approx(beta.ppf(0.95, 9, 392))
    assert result.bound <= result.error


def test_the_threshold_leaves_out_what_would_break_the_promise(terms):
    window = evidence((0, 0.97, 400, 4), (0, 0.6, 300, 120))

    result = of(promise_classes(window, terms(error=0.05)), "address")

    assert 0.6 < result.threshold <= 0.97
    assert result.accepted == 400


def test_below_what_the_window_held_nothing_is_promised(terms):
    result = of(promise_classes(evidence((0, 0.9, 400, 2)), terms(error=0.1)), "address")

    assert 0.85 < result.threshold <= 0.9


def test_a_rare_class_does_not_disappear_in_a_frequent_one(terms):
    swallowed = [(0, 0.97, 400, 0), (0, 0.8, 300, 10), (1, 0.9, 5, 0)]

    window, at = evidence(*swallowed), terms(error=0.05)

    assert 0.8 < of(promise_classes(window, at), "address").threshold <= 0.97
    assert (
        of(promise_classes(window, terms(error=0.05, largest_lost=0.7)), "address").threshold <= 0.8
    )


def test_a_looser_promise_never_has_a_higher_threshold(terms):
    window = evidence((0, 0.99, 400, 2), (0, 0.9, 300, 12), (0, 0.7, 300, 30))

    result = [promise_classes(window, terms(error=e)).thresholds[0] for e in (0.02, 0.05, 0.1)]

    assert result == sorted(result, reverse=True)


def test_the_sequence_ends_at_the_first_failure_even_if_a_looser_one_would_pass(terms):
    window = evidence((0, 0.95, 150, 40), (0, 0.6, 4_000, 0))

    assert not of(promise_classes(window, terms(error=0.05)), "address").made


def test_a_rare_class_goes_to_people_and_is_told_what_it_lacks(terms):
    result = of(promise_classes(evidence((0, 0.97, 400, 2), (1, 0.97, 20, 0)), TERMS), "fraud")

    assert result.threshold == NO_THRESHOLD
    assert result.more_labels is not None
    assert 39 <= result.more_labels <= 120
    assert "more labels are needed" in result.words


def test_an_error_above_the_promise_can_never_be_promised():
    result = of(promise_classes(evidence((0, 0.97, 400, 60)), TERMS), "address")

    assert result.more_labels is None
    assert "never" in result.words


def test_a_class_that_was_never_predicted_needs_as_many_labels_as_one_without_errors():
    result = of(promise_classes(evidence((0, 0.97, 400, 2)), TERMS), "late")

    assert (result.accepted, result.made) == (0, False)
    assert result.more_labels is not None
    assert result.more_labels >= 59


def test_a_class_may_be_promised_its_own_error(terms):
    window = evidence((0, 0.97, 400, 8), (1, 0.97, 400, 8))

    result = promise_classes(window, terms(errors={"category": {"fraud": 0.01}}))

    assert of(result, "address").made
    assert not of(result, "fraud").made


def test_the_more_classes_are_tested_the_surer_one_has_to_be(terms):
    alone = evidence((0, 0.97, 59, 0))
    among = evidence((0, 0.97, 59, 0), (1, 0.97, 70, 20), (2, 0.97, 70, 20))

    assert of(promise_classes(alone, terms(error=0.05)), "address").made
    assert not of(promise_classes(among, terms(error=0.05)), "address").made


def test_classes_that_all_hold_cost_one_another_nothing(terms):
    window = evidence((0, 0.97, 59, 0), (1, 0.97, 59, 0), (2, 0.97, 59, 0))

    assert all(promise.made for promise in promise_classes(window, terms(error=0.05)).classes)


def test_a_pilot_keeps_hopeless_classes_out_of_the_test(terms):
    among = evidence((0, 0.97, 59, 0), (1, 0.97, 70, 20), (2, 0.97, 70, 20))
    pilot = evidence((0, 0.97, 300, 0), (1, 0.97, 300, 90), (2, 0.97, 300, 90))

    assert of(promise_classes(among.with_pilot(pilot), terms(error=0.05)), "address").made


def test_labels_that_are_still_open_are_taken_for_as_wrong_as_the_last(terms):
    rows = held_out((0, 0.97, 400, 8), (0, 0.97, 200, 0))
    late = np.r_[np.ones(8, bool), np.zeros(592, bool)]
    still_open = rows._replace(labelled=np.arange(600) < 400, late=late)

    window = CalibrationCounts.count("category", NAMES, still_open)

    assert window.still_open[0, -1] == 200
    assert window.expected_wrong[0, -1] == pytest.approx(400 * (8 + 200) / 600)
    assert not of(promise_classes(window, terms(error=0.05)), "address").made


def test_with_all_labels_known_the_wrong_ones_are_those_counted():
    window = evidence((0, 0.97, 400, 8), (1, 0.7, 50, 3))

    np.testing.assert_array_equal(window.expected_wrong, window.wrong)


def test_a_class_that_the_model_does_not_know_counts_as_an_error():
    rows = held_out((0, 0.97, 10, 0))

    window = CalibrationCounts.count("category", NAMES, rows._replace(code=np.full(10, -1)))

    assert window.wrong[0, -1] == 10


def test_rows_are_automatic_from_the_threshold_of_their_class():
    promises = promise_classes(evidence((0, 0.97, 400, 2), (1, 0.97, 20, 0)), TERMS)
    threshold = promises.thresholds[0]

    result = promises.automatic(np.array([0, 0, 1]), np.array([threshold, threshold - 1e-6, 1.0]))

    assert result.tolist() == [True, False, False]


def test_a_model_that_is_surer_of_more_rows_inherits_no_more_of_them():
    rows = held_out((0, 0.97, 400, 2), (0, 0.6, 600, 200))
    surer = rows.probability.copy()
    surer[:, 0] = np.linspace(0.999, 0.98, 1_000)

    window = CalibrationCounts.count("category", NAMES, rows)
    made = promise_classes(window.for_model(surer), TERMS)

    assert of(promise_classes(window, TERMS), "address").accepted == 400
    assert 300 <= (surer[:, 0] >= made.thresholds[0]).sum() <= 440


def test_another_order_of_the_classes_changes_no_promise():
    window = evidence((0, 0.97, 400, 2), (1, 0.97, 300, 3))

    other = promise_classes(window.ordered(("late", "new", "fraud", "address")), TERMS)

    assert of(other, "address") == of(promise_classes(window, TERMS), "address")
    assert not of(other, "new").made


def test_evidence_is_read_back_as_it_was_written():
    rows = held_out((0, 0.97, 400, 2), (1, 0.7, 30, 3))
    window = evidence((0, 0.97, 400, 2), (1, 0.7, 30, 3)).with_pilot(evidence((0, 0.9, 40, 2)))

    for row in (window, window.for_model(rows.probability)):
        assert promise_classes(
            CalibrationCounts.from_json(row.to_json()), TERMS
        ) == promise_classes(row, TERMS)


def test_counts_are_of_the_rows_at_or_above_each_threshold():
    top = float(GRID[20])

    result = evidence((2, top, 7, 1)).accepted[2]

    assert (result[:20] == 0).all()
    assert (result[20:] == 7).all()


def test_promises_do_not_depend_on_how_the_rows_are_ordered():
    rows = held_out((0, 0.97, 200, 2), (1, 0.9, 200, 9), (0, 0.7, 100, 9))
    order = np.random.default_rng(1).permutation(500)
    mixed = CalibrationRows.fully_labelled(rows.probability[order], rows.code[order])

    both = [
        promise_classes(CalibrationCounts.count("team", NAMES, r), TERMS) for r in (rows, mixed)
    ]

    assert both[0] == both[1]


def test_a_promise_says_what_was_seen_and_what_is_promised():
    words = of(promise_classes(evidence((0, 0.97, 400, 2)), TERMS), "address").words

    assert "2 of 400 were wrong" in words
    assert "5.0% is promised" in words


def test_evidence_of_hidden_labels_says_so():
    rows = held_out((0, 0.97, 10, 0))

    assert CalibrationCounts.count("team", NAMES, rows._replace(hidden=True)).hidden
    assert not CalibrationCounts.count("team", NAMES, rows).hidden
