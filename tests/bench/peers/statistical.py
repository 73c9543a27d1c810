"""statsforecast: one model for each series."""

import numpy as np
from peer_panel import LEVELS, Panel, by_series, in_groups_of_length, interval_columns
from statsforecast import StatsForecast
from statsforecast.models import AutoETS, AutoTheta, CrostonSBA, SeasonalNaive
from statsforecast.utils import ConformalIntervals


def statistical(panel: Panel, name: str, config: dict) -> tuple[np.ndarray, np.ndarray]:
    make = {
        "seasonal_naive": lambda c: SeasonalNaive(panel.season, alias="m", prediction_intervals=c),
        "croston_sba": lambda c: CrostonSBA(alias="m", prediction_intervals=c),
        "auto_ets": lambda _: AutoETS(min(panel.season, 24), alias="m"),
        "auto_theta": lambda _: AutoTheta(min(panel.season, 24), alias="m"),
    }[name]
    found = np.full((len(panel.units), panel.horizon, 9), np.nan)
    native = name.startswith("auto")
    frame = panel.long(config["tail"])[["unique_id", "ds", "y"]]
    groups = [(frame, 1)] if native else in_groups_of_length(panel, frame, config["windows"])
    for part, windows in groups:
        conformal = ConformalIntervals(windows, panel.horizon) if windows > 1 else None
        fallback = SeasonalNaive(1, alias="m") if native else None
        runner = StatsForecast([make(conformal)], panel.freq, n_jobs=1, fallback_model=fallback)
        level = {"level": LEVELS} if windows else {}
        said = runner.forecast(df=part, h=panel.horizon, **level)
        columns = interval_columns("m") if windows else ["m"]
        values = by_series(panel, said, columns)
        known = np.isfinite(values[:, 0, 0])
        found[known] = values[known] if windows else np.repeat(values[known], 9, axis=2)
    return found, found[:, :, 4]
