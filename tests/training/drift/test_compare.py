import json
import sys

import pandas as pd
import pytest
from typer.testing import CliRunner

from data.domain import BadInputError, NotEnoughDataError
from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.write_history import write_history
from data.sources.synthetic import generate
from data.sources.synthetic.shop import SyntheticShop
from models.registry.store import ModelRegistry
from models.triage.load import load_triage
from training.__main__ import main
from training.drift.compare import compare_periods
from training.drift.periods import Period
from training.drift.verdict import DriftFinding, finding
from training.triage.train import train_triage

TERMS = ImportTerms("test", pd.Timestamp("2026-01-01", tz="UTC"))
MARCH, APRIL = ("2016-03-07", "2016-03-14"), ("2016-04-01", "2016-04-15")
pytestmark = pytest.mark.slow


def day(text):
    return pd.Timestamp(text, tz="UTC")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A simulated shop in which nothing changes, with a champion of its first half."""
    folder = tmp_path_factory.mktemp("shop")
    simulated = SyntheticShop(orders=12_000, days=80, days_between_bursts=float("inf"))
    write_history(folder / "history", generate(simulated, None), TERMS)
    store = ModelRegistry(folder / "mlruns")
    train_triage(History.open(folder / "history"), day("2025-02-20"), store, lambda _: None)
    return folder


@pytest.fixture(scope="module")
def compared():
    """Compare two periods as the champion of a folder sees them."""

    def _compared(folder, reference, current):
        periods = (Period(*map(day, period)) for period in (reference, current))
        champion = load_triage(ModelRegistry(folder / "mlruns"))
        return compare_periods(champion, History.open(folder / "history"), *periods)

    return _compared


@pytest.fixture(scope="module")
def quiet_shop(shop, compared):
    """Two fortnights of the simulated shop."""
    return compared(shop, ("2025-02-20", "2025-03-06"), ("2025-03-06", "2025-03-20"))


@pytest.fixture(scope="module")
def regime(incidents, tmp_path_factory):
    """Output of the command for March against April: exit code, words, files."""
    out = tmp_path_factory.mktemp("out")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPEDITE_MLRUNS", str(incidents / "mlruns"))
        done = CliRunner().invoke(
            main,
            [
                *("drift", "--history", str(incidents / "history"), "--fail-on-drift"),
                *("--reference", "..".join(MARCH), "--current", "..".join(APRIL)),
                *("--html", str(out / "drift.html"), "--json", str(out / "drift.json")),
            ],
        )
    return done, out


@pytest.mark.long
def test_the_regime_of_march_2016_is_found_in_april(regime):
    done, _ = regime

    assert done.exit_code == 1
    assert done.stdout.startswith("Drift: ")
    assert "the breach rate (0.96 -> 0.23)" in done.stdout


@pytest.mark.long
def test_the_figures_tell_promised_and_seen_of_both_periods(regime):
    breach = json.loads((regime[1] / "drift.json").read_bytes())["calibration"]["breach"]

    assert breach["reference"]["seen"] == pytest.approx(0.958, abs=0.002)
    assert breach["current"]["seen"] == pytest.approx(0.228, abs=0.002)
    assert breach["reference"]["error"] > 0.2
    assert breach["current"]["error"] < 0.1


@pytest.mark.long
def test_page_and_figures_are_kept_with_the_run_of_the_champion(regime, incidents):
    _, out = regime
    (page,) = (incidents / "mlruns" / "artifacts").rglob("drift.html")

    assert page.parent.name == "drift_2016-03-07..2016-03-14_2016-04-01..2016-04-15"
    assert page.read_bytes() == (out / "drift.html").read_bytes()


@pytest.mark.long
def test_nothing_of_evidently_that_calls_home_is_loaded(regime):
    assert "evidently" in sys.modules
    assert "iterative_telemetry" not in sys.modules


@pytest.mark.long
def test_two_april_weeks_are_no_drift_that_costs(incidents, compared):
    result = compared(incidents, ("2016-04-01", "2016-04-08"), ("2016-04-08", "2016-04-15"))

    assert result.verdict.startswith("No drift that costs: ")
    assert not result.is_drift


@pytest.mark.long
def test_back_in_the_regime_of_march_the_champion_must_be_retrained(incidents, compared):
    result = compared(incidents, APRIL, MARCH)

    assert finding(result.comparison, result.costs) is DriftFinding.COSTS
    assert result.verdict.endswith("Retrain.")


@pytest.mark.long
def test_a_period_without_exceptions_names_the_option_to_widen(incidents, compared):
    with pytest.raises(NotEnoughDataError, match=r"0 where at least 50 .* Widen --current"):
        compared(incidents, MARCH, ("2019-01-01", "2019-02-01"))


@pytest.mark.long
def test_periods_that_overlap_are_refused(incidents, compared):
    with pytest.raises(BadInputError, match="overlaps"):
        compared(incidents, MARCH, ("2016-03-13", "2016-04-01"))


@pytest.mark.long
def test_in_a_shop_where_nothing_changes_no_drift_costs(quiet_shop):
    assert not quiet_shop.is_drift
    assert quiet_shop.verdict.startswith("No drift that costs: ")


@pytest.mark.long
def test_both_periods_are_looked_at_equally_long_after_their_ends(quiet_shop):
    sides = quiet_shop.sides
    waited = [side.looked_at - side.period.end.value // 1_000_000 for side in sides]

    assert waited[0] == waited[1] >= 0


@pytest.mark.parametrize("period", ["2016-04-01", "2016-04-15..2016-04-01", "soon..later"])
def test_a_period_that_is_none_is_refused_with_an_example(tmp_path, period):
    arguments = ["drift", "--history", str(tmp_path), "--reference", period, "--current", period]
    done = CliRunner().invoke(main, arguments)

    assert isinstance(done.exception, BadInputError)
    assert done.exception.where == "--reference"
