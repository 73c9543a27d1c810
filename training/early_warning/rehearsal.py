"""Rehearsal of the early warning: train as of several past moments, score the orders after each.

One later window would teach only its own season: a season of late parcels shifts every chance for
months. So the scores of two to four windows, each by models fitted before it, are joined and
calibrated together. Each set of scores is evaluated window by window, on calibrations of the
windows before. Where a baseline predicts the chance of an exception better, the baseline is served.
Where nothing is better than one rate for each stage beyond noise, or plain LightGBM is, that rate
is served, and the label is not learned.
"""

from dataclasses import dataclass

import numpy as np

from models.early_warning.early_warning import ANY, PLAIN, EarlyWarning
from models.early_warning.stage_logit import StageLogit
from training.common.model_card.figures import MODEL
from training.early_warning.comparison import Comparison, RehearsalScores, WarningSkill
from training.early_warning.fit import PreparedOrders, fit_scores
from training.early_warning.score_sets import NO_SCORES, RATE, ScoreSet, type_score_set
from training.early_warning.windows import MIN_CASES_TO_CALIBRATE, window_origins

ONE_RATE = "one rate"


@dataclass(frozen=True)
class JudgedChances:
    """Chances of one label on the settled rows of the last window.

    Attributes:
        rows: Positions of the rows.
        happened: n outcomes.
        chances: By predictor, the model's first, each calibrated on the windows before; plain
            LightGBM as it is.
        is_learned: False where one rate for each stage serves, for nothing was better.
    """

    rows: np.ndarray
    happened: np.ndarray
    chances: dict[str, np.ndarray]
    is_learned: bool


@dataclass(frozen=True)
class WarningRehearsal:
    """Losses of the score sets, and the parts that the final models take over.

    Attributes:
        joined: For any exception and for types: calibrated on all windows.
        baselines: For each baseline the rate that did best.
        served_by: The sentence that names the best score set and the best baseline.
        not_learned: `any` and types for which one rate for each stage serves.
        losses: Mean log loss of every score set.
        judged: Any exception, by `ANY`, and the types of enough cases.
        judged_from: Tick at which the last window begins.
    """

    joined: dict[str, StageLogit]
    baselines: dict[str, int]
    served_by: str
    not_learned: tuple[str, ...]
    losses: dict[str, float]
    judged: dict[str, JudgedChances]
    judged_from: int

    @property
    def evaluated(self) -> np.ndarray:
        """Positions of the rows of the last window."""
        return self.judged[ANY].rows

    @property
    def chance(self) -> np.ndarray:
        """Their chance of an exception, calibrated on the windows before."""
        return self.judged[ANY].chances[MODEL]


def rehearse(prepared: PreparedOrders) -> WarningRehearsal:
    """Score window after window, choose the best set of scores, and calibrate it.

    Raises:
        NotEnoughDataError: Too few orders are settled, or hardly any went wrong.
    """
    rehearsed = _score_windows(prepared)
    comparison = Comparison(prepared, rehearsed, prepared.dataset.transit_types)
    score_sets = comparison.score_sets()
    losses = {name: float(comparison.losses(own).mean()) for name, own in score_sets.items()}
    best = comparison.best(score_sets, losses)
    skill = comparison.skill(score_sets[best])
    serves = score_sets[best] if skill.is_learned else NO_SCORES
    baselines = {name: own for name, own in score_sets.items() if name.startswith(RATE)}
    judged = {ANY: _judged(comparison, serves, rehearsed, baselines)}
    joined = {ANY: comparison.fitted(serves, rehearsed.window >= 0)}
    not_learned = [] if skill.is_learned else [ANY]
    for name in prepared.dataset.raised_at:
        of_type = Comparison(prepared, rehearsed, [name])
        own = NO_SCORES
        if skill.is_learned or name not in prepared.dataset.transit_types:
            own = type_score_set(name, rehearsed.scores, score_sets[best])
        enough = of_type.cases(rehearsed.window >= 0) >= MIN_CASES_TO_CALIBRATE
        if enough and not (own and of_type.skill(own).is_learned):
            own = NO_SCORES
            not_learned.append(name)
        if enough:
            joined[name] = of_type.fitted(own, rehearsed.window >= 0)
        last = rehearsed.window == rehearsed.last_window
        if min(of_type.cases(~last), of_type.cases(last)) >= MIN_CASES_TO_CALIBRATE:
            judged[name] = _judged(of_type, own, rehearsed, {})
    return WarningRehearsal(
        joined=joined,
        baselines={name: int(own[0].removeprefix("rate ")) for name, own in baselines.items()},
        served_by=_sentence(best, losses, skill),
        not_learned=tuple(not_learned),
        losses={**losses, ONE_RATE: float(comparison.losses(NO_SCORES).mean())},
        judged=judged,
        judged_from=rehearsed.last_begin,
    )


def _score_windows(prepared: PreparedOrders) -> RehearsalScores:
    dataset = prepared.dataset
    placed = dataset.columns["placed_at"]
    edges = window_origins(prepared)
    rows, windows, parts = [], [], []
    for window, (begin, end) in enumerate(zip(edges, [*edges[1:], dataset.tick], strict=True)):
        own = np.flatnonzero((placed >= begin) & (placed < end))
        model = fit_scores(prepared, begin)
        rows.append(own)
        windows.append(np.full(len(own), window))
        paced = dataset.paced(prepared.rows, model.delivery)
        parts.append(model.scores(paced.take(own)))
    common = [name for name in parts[0] if all(name in part for part in parts)]
    scores = {name: np.concatenate([part[name] for part in parts]) for name in common}
    return RehearsalScores(
        np.concatenate(rows), np.concatenate(windows), scores, last_begin=edges[-1]
    )


def _judged(
    comparison: Comparison,
    score_set: ScoreSet,
    rehearsed: RehearsalScores,
    baselines: dict[str, ScoreSet],
) -> JudgedChances:
    rows, last = comparison.last_rows, rehearsed.last_window
    chances = {MODEL: comparison.chance(score_set, last)}
    chances |= {name: comparison.chance(own, last) for name, own in baselines.items()}
    chances[ONE_RATE] = comparison.chance(NO_SCORES, last)
    if baselines and (plain := comparison.plain_chance(last)) is not None:
        chances[PLAIN] = plain
    return JudgedChances(rows, comparison.happened[rows], chances, bool(score_set))


def _sentence(best: str, losses: dict[str, float], skill: WarningSkill) -> str:
    if not skill.is_learned:
        return f"not learned, one rate for each stage: {best} is {skill.summary}"
    baselines = {name: loss for name, loss in losses.items() if name.startswith(RATE)}
    rival = min(baselines, key=lambda name: baselines[name])
    return f"{best} ({skill.summary}); best baseline: {rival} ({losses[rival]:.4f})"


def fit_final(prepared: PreparedOrders, rehearsal: WarningRehearsal) -> EarlyWarning:
    """Fit the scores on everything settled; keep the choice and calibration of the rehearsal."""
    model = fit_scores(prepared, prepared.dataset.tick)
    model.stage_logits, model.served_by = rehearsal.joined, rehearsal.served_by
    model.baselines, model.not_learned = rehearsal.baselines, rehearsal.not_learned
    if PLAIN not in model.stage_logits[ANY].scores:
        model.plain = None
    return model
