"""Commands of triage: train it, recalibrate it, evaluate it."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from data.history.history import History
from data.policy.policy import Policy
from data.settings import Settings
from models.triage.load import load_triage
from training.common.options import (
    CHAMPION,
    AsOf,
    From,
    HistoryPath,
    Model,
    ReportFile,
    To,
    console,
    moment,
    print_result,
    show_figures,
    store,
    version_of,
    writable,
    write_report,
)


def triage(history: HistoryPath, as_of: AsOf) -> None:
    """Train category, team, breach risk, handling time and priority; promote them if better."""
    from training.triage.labels import Trust  # imported here: it takes seconds, --help does not
    from training.triage.train import train_triage

    with console.status("Starting") as status:
        opened = History.open(history)
        terms = Policy.read(Settings.read().policy).promises
        trust = Trust(terms.learn_accepted, terms.learn_automatic)
        outcome = train_triage(
            opened, moment(as_of, "--as-of"), store=store(), progress=status.update, trust=trust
        )
    print_result(outcome)


def recalibrate_triage(history: HistoryPath, as_of: AsOf) -> None:
    """Fit the champion's calibration and guarantees on newer data; promote it unless worse."""
    from training.triage import recalibration

    with console.status("Starting") as status:
        opened = History.open(history)
        moment_read = moment(as_of, "--as-of")
        outcome = recalibration.recalibrate_triage(opened, moment_read, store(), status.update)
    print_result(outcome)


def evaluate_triage(
    history: HistoryPath,
    begin: From,
    end: To,
    predictions: Annotated[Path, typer.Option(help="Parquet file to write, one row an exception")],
    report: ReportFile,
    model: Model = CHAMPION,
) -> None:
    """Score every exception of a period at the moment it was detected."""
    from training.triage import automation_report, calibration_report, evaluation

    for file in (predictions, report):
        writable(file)
    opened = store()
    with console.status("Scoring") as status:
        loaded = load_triage(opened, version_of(model))
        scoring = evaluation.score_period(
            loaded, History.open(history), moment(begin, "--from"), moment(end, "--to")
        )
        policy = Policy.read(Settings.read().policy)
        evaluation.predictions_table(scoring, policy).to_parquet(predictions)
        status.update("Measuring")
        figures = evaluation.report(scoring, loaded)
        promises = automation_report.report(scoring, loaded, policy.promises)
        calibration = calibration_report.report(scoring, policy)
        with TemporaryDirectory() as folder:
            calibration_report.draw(scoring, Path(folder))
            version = loaded.version.removeprefix("triage-")
            opened.add_report("triage", version, Path(folder), f"evaluated/{begin}_{end}")
    write_report(report, figures | {"promises": promises, "calibration": calibration})
    show_figures(figures)
    for table in (*automation_report.tables(promises), calibration_report.table(calibration)):
        console.print(table)
