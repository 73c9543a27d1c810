"""Commands of the early warning: train it, evaluate it."""

from functools import partial

from models.boosters import DEFAULT_SEED
from training.common.options import (
    CHAMPION,
    AsOf,
    CandidateNames,
    CardFile,
    DryRun,
    Features,
    From,
    HistoryPath,
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


def warning(  # noqa: PLR0913  (each is an option of the command line)
    history: HistoryPath,
    as_of: AsOf,
    *,
    dry_run: DryRun = False,
    seed: Seed = DEFAULT_SEED,
    features: Features = None,
    without: Without = None,
    candidates: CandidateNames = None,
    trials: TrialCount = 0,
    card: CardFile = None,
) -> None:
    """Train the early warning: which orders will raise an exception; promote it if it is better."""
    # imported here: it takes seconds, --help does not
    from training.early_warning.choices import WarningChoices
    from training.early_warning.train import train_warning

    choices = WarningChoices.named(features or (), without or (), candidates or (), trials)
    train = partial(train_warning, choices=choices)
    run_training(train, history, as_of, dry_run=dry_run, seed=seed, card=card)


def evaluate_warning(
    history: HistoryPath,
    begin: From,
    end: To,
    predictions: PredictionsFile,
    report: ReportFile,
    model: Model = CHAMPION,
) -> None:
    """Score every order of a period when placed, and at each stage reached: a prediction each."""
    from training.early_warning import report as early_warning_report
    from training.early_warning.train import load_warning

    for file in (predictions, report):
        writable(file)
    with console.status("Scoring"):
        loaded = load_warning(store(), version_of(model))
        scoring = early_warning_report.score_orders(
            loaded, open_history(history), moment(begin, "--from"), moment(end, "--to")
        )
        early_warning_report.warnings_table(scoring).to_parquet(predictions)
        figures = early_warning_report.report(scoring, loaded)
    write_report(report, figures)
    show_figures(figures)
