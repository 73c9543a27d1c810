"""Where a touch time or a chance is the same for all, the answer and the pages say so."""

from copy import copy

import numpy as np
import pandas as pd
import pytest

from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.write_history import write_history
from data.sources.synthetic import generate
from data.sources.synthetic.shop import SyntheticShop
from models.loss_curve import CURVE_AGES_HOURS
from models.triage.breach_risk import BreachRisk
from serving.scoring.assessment import NOTHING, Assessment
from training.triage.dataset import TriageDataset
from training.triage.entity_selection import choose
from training.triage.final_fit import fit_final
from training.triage.fit import prepare
from training.triage.rehearsal import rehearse

REMARK = "not learned: the same for all"
SHOP = SyntheticShop(orders=8_000, seed=5, days=90)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train touch times on a simulated shop; with `alike` all its work is drawn alike."""

    def train(*, alike):
        def tables():
            random = np.random.default_rng(3)
            for name, rows in generate(SHOP):
                if name == "outcomes" and alike:
                    worked = (rows["touch_minutes"] > 0).to_numpy()
                    minutes = 30 * random.lognormal(0, 0.5, len(rows))
                    yield name, rows.assign(touch_minutes=np.where(worked, minutes, 0.0))
                else:
                    yield name, rows

        folder = tmp_path_factory.mktemp("touch") / "history"
        write_history(folder, tables(), ImportTerms("synthetic", pd.Timestamp(SHOP.end)))
        dataset = TriageDataset.read(History.open(folder), pd.Timestamp(SHOP.end))
        prepared = prepare(dataset, *choose(dataset))
        return fit_final(prepared, rehearse(prepared, labels=()))

    return train


@pytest.fixture(scope="module")
def constant_triage(trained):
    return trained(alike=True)


@pytest.fixture
def constant(running, shelf, constant_triage):
    """A service whose champion learned from work that is the same for all."""
    shelf.promote(constant_triage)
    with running() as client:
        yield client


def touch_reason(answer):
    return next(r["text"] for r in answer["reasons"] if r["code"] == "touch_time")


def test_the_answer_says_that_the_touch_time_is_not_learned(constant, an_exception):
    answer = constant.post("/v1/score", json=an_exception()).json()

    assert answer["handling_time"]["learned"] is False
    assert touch_reason(answer).endswith(f"minutes of work ({REMARK})")


def test_the_row_does_not_show_it_and_the_panel_says_so(constant, an_exception):
    posted = constant.post("/v1/exceptions", json=an_exception()).json()

    row = constant.get("/v1/worklist").json()["rows"][0]
    page = constant.get("/").text
    panel = constant.get(f"/exceptions/{posted['id']}").text
    assert row["handling_time"]["learned"] is False
    assert "minutes of work" not in page
    assert f"minutes of work ({REMARK})" in panel


def test_a_comparison_says_so_of_both(constant, an_exception):
    first, other = (
        constant.post("/v1/exceptions", json=an_exception(name)).json()["id"] for name in "ab"
    )

    versus = constant.get(f"/v1/exceptions/{first}/versus/{other}").json()
    assert versus["one"]["touch_time_learned"] is False
    assert any("minutes of work (not learned)" in text for text in versus["sentences"])


def test_a_learned_touch_time_is_told_without_a_remark(running, shelf, trained, an_exception):
    shelf.promote(trained(alike=False))
    with running() as client:
        client.post("/v1/exceptions", json=an_exception("a", type="integration_error"))
        client.post("/v1/exceptions", json=an_exception("b", type="customer_request"))
        rows = client.get("/v1/worklist").json()["rows"]
        page = client.get("/").text

    assert all(row["handling_time"]["learned"] is True for row in rows)
    assert all(touch_reason(row).endswith("minutes of work") for row in rows)
    assert len({touch_reason(row) for row in rows}) == 2
    assert REMARK not in page


@pytest.fixture
def one_rate(running, shelf, constant_triage):
    """A service whose champion gives one chance of a breach to all."""
    triage = copy(constant_triage)
    triage.breach_risk = BreachRisk(None, 0.2, None)
    shelf.promote(triage)
    with running() as client:
        yield client


def test_the_answer_says_that_the_chance_of_a_breach_is_one_rate_for_all(one_rate, an_exception):
    answer = one_rate.post("/v1/score", json=an_exception()).json()

    assert (answer["chance_of_breach"], answer["chance_of_breach_learned"]) == (0.2, False)


def test_the_panel_says_that_the_chance_of_a_breach_is_not_learned(one_rate, an_exception):
    posted = one_rate.post("/v1/exceptions", json=an_exception()).json()

    assert "not learned" in one_rate.get(f"/exceptions/{posted['id']}/strongest").text


def test_the_answer_says_that_the_chance_of_a_breach_is_learned(constant, an_exception):
    answer = constant.post("/v1/score", json=an_exception()).json()

    assert answer["chance_of_breach_learned"] is True


def test_without_a_champion_the_policy_stands_for_all(without_champion, an_exception):
    answer = without_champion.post("/v1/score", json=an_exception()).json()

    assert answer["handling_time"]["learned"] is False


def test_what_was_assessed_before_this_was_noted_is_unknown(old_assessment):
    assert old_assessment.touch_learned is None


@pytest.fixture
def old_assessment():
    """Read an assessment as ledgers held it before."""
    terms = dict.fromkeys(("detected_at", "due_at"), 0)
    terms |= dict.fromkeys(("loss", "touch_p50_minutes", "touch_p90_minutes"), 1.0)
    terms |= {"curve": [0.0] * len(CURVE_AGES_HOURS), "waiting_cost_per_hour": 0.0}
    before = Assessment(
        model_version="1",
        policy_version="p",
        scored_at_ms=0,
        degraded=False,
        category=NOTHING,
        routing=NOTHING,
        p_breach=None,
        terms=terms | {"lost": False, "always_first": False},
        touch_learned=True,
    ).to_json()
    return Assessment.from_json(before.replace(',"touch_learned":true', ""))
