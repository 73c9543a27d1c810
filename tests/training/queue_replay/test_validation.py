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
        asked = ReplaySpec(begin or shop.begin, shop.end, policy, origins=0, draws=2, seed=1)
        setting = prepare_replay(shop.history, asked, quietly)
        scene = setting.experiment
        plays = [
            simulate(scene.workload, w, all_rules()["history"].order(scene.rule_inputs(w)))
            for w in scene.scenarios
        ]
        return (
            scene,
            plays,
            validate(scene.workload, scene.scenarios, plays, setting.log.recorded_until),
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


@pytest.mark.slow
@pytest.mark.parametrize("load", [0.85, 1.1])
def test_a_simulated_shop_is_reproduced_at_any_load(replayed, a_shop, load):
    assert replayed(a_shop(load=load))[2].holds


def test_a_period_from_the_first_day_on_is_reproduced(replayed, busy_shop):
    begin = pd.Timestamp("2025-01-06", tz="UTC")

    assert replayed(busy_shop, begin=begin)[2].holds


def test_people_who_were_not_there_are_noticed(replayed, busy_shop):
    fidelity = replayed(busy_shop, with_shift(3))[2]

    assert not fidelity.holds
    assert "wait of logistics" in fidelity.conclusion


def test_work_at_hours_that_the_shifts_do_not_have_is_noticed(replayed, busy_shop):
    assert not replayed(busy_shop, with_shift(1, closes="06:30"))[2].holds


def test_waits_as_recorded_are_reproduced(busy):
    scene, plays, _ = busy

    fidelity = validate(scene.workload, scene.scenarios, plays, NEVER - 1)

    assert fidelity.conclusion == "The recorded waits and breaches are reproduced."


def test_waits_that_are_longer_are_refused_with_the_figures(busy):
    scene, plays, _ = busy
    late = [_later(scene.workload, played, 30 * MS_PER_HOUR) for played in plays]

    verdict = validate(scene.workload, scene.scenarios, late, NEVER - 1).conclusion

    assert "no savings are shown" in verdict
    assert "wait of all teams, mean" in verdict


def test_breaches_that_nobody_recorded_are_refused(busy):
    scene, plays, _ = busy
    lost = [replace(played, lost=np.ones_like(played.lost)) for played in plays]

    assert "breaches" in validate(scene.workload, scene.scenarios, lost, NEVER - 1).conclusion


def test_a_handful_of_visits_proves_nothing(busy):
    scene, plays, _ = busy
    few = replace(scene.workload, started_at=np.full_like(scene.workload.started_at, NEVER))

    with pytest.raises(NotEnoughDataError, match="recorded begins"):
        validate(few, scene.scenarios, plays, NEVER - 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [31, 32, 33])
def test_what_a_replay_says_agrees_with_the_truth(a_shop, seed):
    shop = a_shop(load=0.97, seed=seed)
    asked = ReplaySpec(shop.begin, shop.end, POLICY, origins=0, draws=5, seed=seed)
    scene = prepare_replay(shop.history, asked, quietly).experiment.reduced(5)

    told, true = (_saved(each, seed) for each in (scene, true_experiment(scene, shop.truth)))

    assert all(told[rule].low <= true[rule].value <= told[rule].high for rule in told)


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
    record, random = HandlingLog.read(incident_log, begin, end), np.random.default_rng(1)
    work = read_workload(record, POLICY.shifts, random, TouchAssumption(touch))
    (world,) = draw_scenarios(record, work, POLICY.losses, random, 1)
    nothing = RuleInputs(work, world, None, None)  # pyright: ignore[reportArgumentType]

    played = simulate(work, world, all_rules()["history"].order(nothing))

    assert validate(work, [world], [played], record.recorded_until).holds is holds


def _saved(scene, seed) -> dict[str, Figure]:
    names = ("history", "edd_lost_last", "value_per_hour", "ours")
    played = simulate_all(scene, {name: all_rules()[name] for name in names}, quietly)
    compared = RuleComparison.of(scene, played, seed)
    return {name: compared.saved(name, "history") for name in names[1:]}


def _later(work, played, ms) -> SimulationResult:
    first = np.append(True, np.diff(work.visit_of) > 0)
    known = first & (played.started_at != NEVER)
    return replace(played, started_at=np.where(known, played.started_at + ms, played.started_at))
