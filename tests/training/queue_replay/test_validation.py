"""The recorded order is reproduced before savings are told; where it is not, the replay refuses."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data.domain import NotEnoughDataError
from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.run_source import import_files
from data.ingest.sources import source_folder
from data.policy.policy import Policy
from data.policy.policy import ShiftTerms as PolicyShifts
from data.ticks import MS_PER_HOUR, NEVER
from training.common.measures import Figure
from training.queue_replay.analysis.comparison import RuleComparison
from training.queue_replay.analysis.experiment import simulate_all
from training.queue_replay.analysis.ground_truth import true_experiment
from training.queue_replay.analysis.validation import validate
from training.queue_replay.plan import ReplaySpec, prepare_replay
from training.queue_replay.rules.inputs import RuleInputs
from training.queue_replay.rules.registry import all_rules
from training.queue_replay.scenarios.draw import draw_scenarios
from training.queue_replay.simulator.simulator import simulate
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.read import read_workload
from training.queue_replay.workload.slots import TouchAssumption
from training.queue_replay.workload.workload import SimulationResult

POLICY = Policy.read()


def quietly(_):
    """Say nothing."""


@pytest.fixture(scope="module")
def replayed():
    """Set up a period of a simulated shop, play the recorded order, and check."""

    def run(shop, policy=POLICY, begin=None):
        spec = ReplaySpec(begin or shop.begin, shop.end, policy, origins=0, draws=2, seed=1)
        plan = prepare_replay(shop.history, spec, quietly)
        experiment = plan.experiment
        results = [
            simulate(
                experiment.workload, w, all_rules()["history"].order(experiment.rule_inputs(w))
            )
            for w in experiment.scenarios
        ]
        return (
            experiment,
            results,
            validate(experiment.workload, experiment.scenarios, results, plan.log.recorded_until),
        )

    return run


@pytest.fixture(scope="module")
def busy(replayed, busy_shop):
    return replayed(busy_shop)


def with_shift(people, closes="12:00"):
    """Return the default policy with the shift of one team set."""
    team = {"people": people, "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat"]}
    hours = {"opens": "06:00", "closes": closes}
    shifts = {"timezone": "UTC", "teams": {"logistics": team | hours}}
    return POLICY.model_copy(update={"shifts": PolicyShifts.model_validate(shifts)})


@pytest.mark.long
@pytest.mark.parametrize("load", [0.85, 1.1])
def test_a_simulated_shop_is_reproduced_at_any_load(replayed, a_shop, load):
    assert replayed(a_shop(load=load))[2].holds


def test_a_period_from_the_first_day_on_is_reproduced(replayed, busy_shop):
    begin = pd.Timestamp("2025-01-06", tz="UTC")

    assert replayed(busy_shop, begin=begin)[2].holds


def test_people_who_were_not_there_are_noticed(replayed, busy_shop):
    validation = replayed(busy_shop, with_shift(3))[2]

    assert not validation.holds
    assert "wait of logistics" in validation.conclusion


def test_work_at_hours_that_the_shifts_do_not_have_is_noticed(replayed, busy_shop):
    assert not replayed(busy_shop, with_shift(1, closes="06:30"))[2].holds


def test_waits_as_recorded_are_reproduced(busy):
    experiment, results, _ = busy

    validation = validate(experiment.workload, experiment.scenarios, results, NEVER - 1)

    assert validation.conclusion == "The recorded waits and breaches are reproduced."


def test_waits_that_are_longer_are_refused_with_the_figures(busy):
    experiment, results, _ = busy
    late = [_later(experiment.workload, result, 30 * MS_PER_HOUR) for result in results]

    conclusion = validate(experiment.workload, experiment.scenarios, late, NEVER - 1).conclusion

    assert "no savings are shown" in conclusion
    assert "wait of all teams, mean" in conclusion


def test_breaches_that_nobody_recorded_are_refused(busy):
    experiment, results, _ = busy
    lost = [replace(result, lost=np.ones_like(result.lost)) for result in results]

    assert (
        "breaches"
        in validate(experiment.workload, experiment.scenarios, lost, NEVER - 1).conclusion
    )


def test_a_handful_of_visits_proves_nothing(busy):
    experiment, results, _ = busy
    few = replace(
        experiment.workload, started_at=np.full_like(experiment.workload.started_at, NEVER)
    )

    with pytest.raises(NotEnoughDataError, match="recorded begins"):
        validate(few, experiment.scenarios, results, NEVER - 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [31, 32, 33])
def test_what_a_replay_says_agrees_with_the_truth(a_shop, seed):
    shop = a_shop(load=0.97, seed=seed)
    spec = ReplaySpec(shop.begin, shop.end, POLICY, origins=0, draws=5, seed=seed)
    experiment = prepare_replay(shop.history, spec, quietly).experiment.reduced(5)

    predicted, true = (
        _saved(each, seed) for each in (experiment, true_experiment(experiment, shop.truth))
    )

    assert all(
        predicted[rule].low <= true[rule].value <= predicted[rule].high for rule in predicted
    )


@pytest.fixture(scope="module")
def incident_log(real_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("incident_log")
    terms = ImportTerms("test", pd.Timestamp("2026-01-01", tz="UTC"))
    import_files([real_data / "incident_log"], source_folder("incident_log"), folder, terms)
    return History.open(folder)


@pytest.mark.slow
@pytest.mark.parametrize(("touch", "holds"), [("equal", True), ("people", False)])
def test_resolutions_by_a_team_are_reproduced_as_slots_and_not_as_people(
    incident_log, touch, holds
):
    begin, end = (pd.Timestamp(day, tz="UTC") for day in ("2016-04-11", "2016-04-18"))
    log, random = HandlingLog.read(incident_log, begin, end), np.random.default_rng(1)
    workload = read_workload(log, POLICY.shifts, random, TouchAssumption(touch))
    (scenario,) = draw_scenarios(log, workload, POLICY.losses, random, 1)
    nothing = RuleInputs(workload, scenario, None, None)  # pyright: ignore[reportArgumentType]

    result = simulate(workload, scenario, all_rules()["history"].order(nothing))

    assert validate(workload, [scenario], [result], log.recorded_until).holds is holds


def _saved(experiment, seed) -> dict[str, Figure]:
    names = ("history", "edd_lost_last", "value_per_hour", "ours")
    result = simulate_all(experiment, {name: all_rules()[name] for name in names}, quietly)
    compared = RuleComparison.of(experiment, result, seed)
    return {name: compared.saved(name, "history") for name in names[1:]}


def _later(workload, result, ms) -> SimulationResult:
    first = np.append(True, np.diff(workload.visit_of) > 0)
    begun = first & (result.started_at != NEVER)
    return replace(result, started_at=np.where(begun, result.started_at + ms, result.started_at))
