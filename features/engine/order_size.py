"""Row features of the size of an order, shared by the features of exceptions and of orders."""

import numpy as np

from features.engine.feature_set import Columns, FeatureSet


def add_order_size(features: FeatureSet) -> None:
    """Register the features of the size of an order, behind those that are there."""
    features.feature(unit="currency of the order", needs=["orders.total"])(order_total)
    features.feature(unit="units", needs=["order_lines.units"])(ordered_units)
    features.feature(unit="lines", needs=["order_lines.line_id"])(line_count)


def order_total(columns: Columns) -> np.ndarray:
    """Value of the order."""
    return columns["total"]


def ordered_units(columns: Columns) -> np.ndarray:
    """Units ordered, all lines together."""
    return columns["units"]


def line_count(columns: Columns) -> np.ndarray:
    """Lines of the order."""
    return columns["line_count"]
