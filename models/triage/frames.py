"""Triage of a data frame: one row an exception, as a notebook holds them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from data.domain import BadInputError
from data.ticks import MISSING_TICK
from features.engine.attributes import ATTRIBUTE, attribute_columns
from features.engine.columns import Column
from features.engine.feature_set import Columns
from features.exceptions.columns import COLUMNS
from models.registry.version_files import PyfuncCode
from models.triage.predictions import Predictions
from models.triage.triage import Triage

MLFLOW_CODE = Path(__file__).with_name("mlflow_model.py")
"""File by which MLflow loads a version."""
_QUANTILES = ("p10", "p50", "p90")


def pyfunc_code(triage: Triage) -> PyfuncCode | None:
    """Return what MLflow needs to load a model; None for one that predicts nothing."""
    classes = {label: model.names for label, model in triage.classes.items()}
    outputs = dict.fromkeys(classes, "string")
    if triage.breach_risk:
        outputs["p_breach"] = "double"
    if triage.touch:
        outputs["touch_minutes"] = "double"
        outputs |= {f"touch_minutes_{quantile}": "double" for quantile in _QUANTILES}
    outputs |= {f"p_{label}_{name}": "double" for label, names in classes.items() for name in names}
    inputs = (*(column.name for column in COLUMNS), *triage.kinds)
    return PyfuncCode(MLFLOW_CODE, inputs, outputs) if outputs else None


def predict_frame(triage: Triage, frame: pd.DataFrame) -> pd.DataFrame:
    """Predict n exceptions as of the moments at which they were detected.

    Args:
        triage: The models.
        frame: n rows; columns of `features.exceptions.columns`, and `attributes.<name>`. What is
            absent counts as missing; a product's attributes are then those that the models know
            of the SKU. A time without a zone is UTC.

    Returns:
        n rows with the frame's index: the likeliest category and team, `p_breach`, touch minutes
        (the median, and quantiles of 10, 50 and 90 %), and `p_<label>_<class>`.

    Raises:
        BadInputError: `detected_at` is missing in a row.
    """
    columns = columns_of_frame(triage, frame)
    as_of = columns["detected_at"]
    if (as_of == MISSING_TICK).any():
        raise BadInputError("detected_at", "it is missing", "Give the moment of each exception.")
    predictions = triage.predict(columns, as_of)
    return pd.DataFrame(dict(_outputs(predictions)), index=frame.index)


def columns_of_frame(triage: Triage, frame: pd.DataFrame) -> Columns:
    """Return the arrays that the models read."""
    columns = {column.name: _values(column, frame) for column in COLUMNS}
    rows = [
        {str(n).removeprefix(ATTRIBUTE): value for n, value in row.items() if value is not None}
        for row in _present(frame, list(triage.kinds)).to_dict("records")
    ]
    subjects = zip(rows, columns["sku"], columns["detected_at"], strict=True)
    rows = [triage.products.joined(row, sku, tick) for row, sku, tick in subjects]
    return columns | attribute_columns(rows, triage.kinds)


def _present(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    own = frame.reindex(columns=names).astype(object)
    return own.where(own.notna(), None)


def _values(column: Column, frame: pd.DataFrame) -> np.ndarray:
    values = frame[column.name] if column.name in frame else pd.Series([None] * len(frame))
    if column.kind == "time":
        return column.values(pd.to_datetime(values, utc=True).astype("datetime64[us, UTC]"))
    if column.kind == "number":
        return column.values(pd.to_numeric(values).astype("Float64"))
    texts = [None if missing else str(v) for v, missing in zip(values, values.isna(), strict=True)]
    return np.array(texts, object)


def _outputs(predictions: Predictions) -> Iterator[tuple[str, np.ndarray]]:
    for label, each in predictions.classes.items():
        yield label, np.array(each.names, object)[each.best]
    if predictions.p_breach is not None:
        yield "p_breach", predictions.p_breach
    if predictions.touch_minutes is not None:
        yield "touch_minutes", predictions.touch_minutes[:, 1]
        for quantile, minutes in zip(_QUANTILES, predictions.touch_minutes.T, strict=True):
            yield f"touch_minutes_{quantile}", minutes
    for label, each in predictions.classes.items():
        for name, probability in zip(each.names, each.probability.T, strict=True):
            yield f"p_{label}_{name}", probability
