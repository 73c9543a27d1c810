"""Commands of triage: train it, recalibrate it, evaluate it."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from data.policy.policy import Policy
from data.settings import Settings
from models.boosters import DEFAULT_SEED
from models.triage.load import load_triage
from training.common.options import (
    CHAMPION,
    AsOf,
    CandidateNames,
    CardFile,
    DryRun,
    Features,
    From,
    HistoryPath,
    Languages,
    Model,
    PredictionsFile,
    ReportFile,
    Seed,
    To,
    TrialCount,
    Without,
    console,
    moment,
    open_history,
    run_training,
    show_figures,
    store,
    version_of,
    writable,
    write_report,
)


def triage(  # noqa: PLR0913  (each is an option of the command line)
    history: HistoryPath,
    as_of: AsOf,
    *,
    dry_run: DryRun = False,
    seed: Seed = DEFAULT_SEED,
    features: Features = None,
    without: Without = None,
    candidates: CandidateNames = None,
    languages: Languages = True,
    trials: TrialCount = 0,
    card: CardFile = None,
) -> None:
    """Train category, team, breach risk, handling time and priority; promote them if better."""
    # imported here: it takes seconds, --help does not
    from training.triage.choices import CompetingEstimators, TrainingChoices
    from training.triage.labels import Trust
    from training.triage.train import train_triage

    terms = Policy.read(Settings.read().policy).promises
    trust = Trust(terms.learn_accepted, terms.learn_automatic)
    choices = TrainingChoices(
        tuple(features or ()),
        tuple(without or ()),
        languages=languages,
        trials=trials,
        candidates=CompetingEstimators.named(candidates or ()),
    )
    train = partial(train_triage, trust=trust, choices=choices)
    run_training(train, history, as_of, dry_run=dry_run, seed=seed, card=card)


def recalibrate_triage(history: HistoryPath, as_of: AsOf) -> None:
    """Fit the champion's calibration and guarantees on newer data; promote it unless worse."""
    from training.triage import recalibration

    run_training(recalibration.recalibrate_triage, history, as_of)


def evaluate_triage(
    history: HistoryPath,
    begin: From,
    end: To,
    predictions: PredictionsFile,
    report: ReportFile,
    model: Model = CHAMPION,
) -> None:
    """Score every exception of a period at the moment it was detected: a prediction each."""
    from training.triage import evaluation
    from training.triage.reports import automation_report, calibration_report

    for file in (predictions, report):
        writable(file)
    opened = store()
    with console.status("Scoring") as status:
        loaded = load_triage(opened, version_of(model))
        scoring = evaluation.score_period(
            loaded, open_history(history), moment(begin, "--from"), moment(end, "--to")
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
