"""mlforecast and skforecast: one LightGBM, or nine, for all series."""

import lightgbm as lgb
import numpy as np
import pandas as pd
from mlforecast import MLForecast
from mlforecast.lag_transforms import RollingMean, RollingStd, SeasonalRollingMean
from mlforecast.target_transforms import GlobalSklearnTransformer, LocalStandardScaler
from mlforecast.utils import PredictionIntervals
from peer_panel import LEVELS, Panel, by_series, in_groups_of_length, interval_columns
from skforecast.preprocessing import RollingFeatures
from skforecast.recursive import ForecasterRecursiveMultiSeries
from sklearn.preprocessing import FunctionTransformer

PROBABILITIES = np.array([0.005, 0.025, 0.165, 0.25, 0.5, 0.75, 0.835, 0.975, 0.995])
TREES = {"n_estimators": 200, "subsample": 0.8, "subsample_freq": 1, "colsample_bytree": 0.7,
         "min_child_samples": 50, "n_jobs": 1, "verbosity": -1, "random_state": 7}  # fmt: skip
LAGS = {7: [*range(1, 8), 14, 21, 28], 52: [1, 2, 3, 4, 8, 13, 26, 52], 12: [*range(1, 7), 12]}
WINDOWS = {7: [7, 14, 28, 56], 52: [2, 4, 8, 13, 26, 52], 12: [3, 6, 12]}
DATES = {7: ["dayofweek", "day", "month"], 52: ["week", "month"], 12: ["month"]}


def log1p():
    return GlobalSklearnTransformer(FunctionTransformer(np.log1p, np.expm1, check_inverse=False))


TRANSFORMS = {"none": list, "standard": lambda: [LocalStandardScaler()], "log1p": lambda: [log1p()]}


def learner(panel: Panel, models: dict, transform: str) -> MLForecast:
    rolling = [RollingMean(w, min_samples=1) for w in WINDOWS[panel.season]]
    rolling += [RollingStd(WINDOWS[panel.season][-1], min_samples=2)]
    if panel.season == 7:
        rolling += [SeasonalRollingMean(7, 4, min_samples=1)]
    return MLForecast(
        models, panel.freq, lags=LAGS[panel.season], lag_transforms={1: rolling},
        date_features=DATES[panel.season], target_transforms=TRANSFORMS[transform](),
    )  # fmt: skip


def fit(panel: Panel, runner: MLForecast, frame: pd.DataFrame, **more) -> MLForecast:
    codes = [name for name in frame.columns if name.startswith("code")]
    return runner.fit(frame, static_features=codes, dropna=False, weight_col="weight", **more)


def trees(config: dict, **objective) -> lgb.LGBMRegressor:
    return lgb.LGBMRegressor(
        learning_rate=config["rate"], num_leaves=config["leaves"], **TREES, **objective
    )


def conformal_trees(panel: Panel, name: str, config: dict) -> tuple[np.ndarray, np.ndarray]:
    found = np.full((len(panel.units), panel.horizon, 9), np.nan)
    frame = panel.long(config["tail"])
    for part, windows in in_groups_of_length(panel, frame, config["windows"]):
        runner = learner(
            panel, {"m": trees(config, objective=config["objective"])}, config["transform"]
        )
        intervals = (
            {"prediction_intervals": PredictionIntervals(windows, panel.horizon)} if windows else {}
        )
        said = fit(panel, runner, part, **intervals).predict(
            panel.horizon, **({"level": LEVELS} if windows else {})
        )
        values = by_series(panel, said, interval_columns("m") if windows else ["m"])
        known = np.isfinite(values[:, 0, 0])
        found[known] = values[known] if windows else np.repeat(values[known], 9, axis=2)
    return found, found[:, :, 4]


def quantile_trees(panel: Panel, name: str, config: dict) -> tuple[np.ndarray, np.ndarray]:
    """Nine quantile models; direct ones take a model for each period ahead."""
    models = {
        f"q{i}": trees(config, objective="quantile", alpha=p) for i, p in enumerate(PROBABILITIES)
    }
    direct = {"max_horizon": panel.horizon} if name == "quantile_direct" else {}
    runner = learner(panel, models, config["transform"])
    said = fit(panel, runner, panel.long(config["tail"]), **direct).predict(panel.horizon)
    found = by_series(panel, said, list(models))
    return found, found.mean(axis=2)


def binned_residuals(panel: Panel, name: str, config: dict) -> tuple[np.ndarray, np.ndarray]:
    """skforecast: one recursive LightGBM, bootstrap of residuals binned by level."""
    frame = panel.long(config["tail"])
    lags, windows = LAGS[panel.season], WINDOWS[panel.season]
    longest = max(*lags, *windows)
    long_enough = frame.groupby("unique_id")["y"].transform("size") > longest + 2
    series = {
        str(key): part.set_index("ds")["y"].asfreq(panel.freq)
        for key, part in frame[long_enough].groupby("unique_id")
    }
    forecaster = ForecasterRecursiveMultiSeries(
        trees(config, objective=config["objective"]), lags=lags,
        window_features=RollingFeatures(["mean"] * len(windows), windows),
        encoding="ordinal", dropna_from_series=False, binner_kwargs={"n_bins": 20},
    )  # fmt: skip
    forecaster.fit(series, store_in_sample_residuals=True, suppress_warnings=True)
    said = forecaster.predict_quantiles(
        panel.horizon, quantiles=list(PROBABILITIES), n_boot=100, suppress_warnings=True
    )
    found = np.full((len(panel.units), panel.horizon, 9), np.nan)
    columns = [name for name in said.columns if name != "level"]
    for key, part in said.groupby("level"):
        found[int(key)] = part[columns].to_numpy()
    return found, found.mean(axis=2)
