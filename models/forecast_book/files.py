"""The files of one forecast book: matrices that are mapped into memory, tables, and one JSON."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from features.demand.grain import Grain
from models.demand.forecast import Forecast
from models.demand.level_sets import LevelSets
from models.forecast_book.book import Aggregates, Book, BookStock, RecentSales, Review

FORMAT = 1
_ABOUT, _SERIES, _AGGREGATES, _EXCEPTIONS = (
    "book.json", "series.arrow", "aggregates.arrow", "exceptions.arrow",
)  # fmt: skip
_FIGURE, _ATTRIBUTE = "figure.", "attribute."
_MATRICES = {
    "forecast.mean": np.float32,
    "forecast.point": np.float32,
    "forecast.table": np.uint8,
    "forecast.dependence": np.float64,
    "recent.units": np.float32,
    "recent.in_stock": np.float16,
    "stock.inbound": np.float32,
    "review.quantiles": np.float32,
    "aggregates.mean": np.float32,
    "aggregates.spread": np.float32,
    "aggregates.units": np.float32,
}
_STOCK = ("on_hand", "unit_price", "unit_cost", "lead_time_days")


def write_files(folder: Path, book: Book) -> None:
    """Write a book into an empty folder."""
    for name, kind in _MATRICES.items():
        part, field = name.split(".")
        matrix = np.ascontiguousarray(getattr(getattr(book, part), field), kind)
        np.save(folder / f"{name}.npy", matrix, allow_pickle=False)
    forecast = book.forecast
    texts = {"sku": forecast.sku, "site": forecast.site, "method": forecast.method}
    texts |= {_ATTRIBUTE + name: column for name, column in book.attributes.items()}
    numbers = {name: getattr(book.stock, name) for name in _STOCK}
    numbers |= {_FIGURE + name: column for name, column in book.review.figures.items()}
    _write_table(folder / _SERIES, _table(texts, numbers))
    aggregates = {"kind": book.aggregates.kind, "key": book.aggregates.key}
    _write_table(folder / _AGGREGATES, _table(aggregates, {}))
    _write_table(folder / _EXCEPTIONS, book.exceptions)
    (folder / _ABOUT).write_bytes(orjson.dumps(_about(book)))


def _about(book: Book) -> dict[str, Any]:
    forecast = book.forecast
    return {
        "format": FORMAT,
        "model_version": book.model_version,
        "as_of_ms": book.as_of_ms,
        "made_at_ms": book.made_at_ms,
        "currency": book.currency,
        "grain": str(forecast.grain),
        "periods": np.datetime_as_string(forecast.periods, "D").tolist(),
        "recent_periods": np.datetime_as_string(book.recent.periods, "D").tolist(),
        "common": float(forecast.common),
        "tables": [table.to_json() for table in forecast.tables],
        "accuracy": dict(book.review.overall),
    }


def _table(texts: dict[str, np.ndarray], numbers: dict[str, np.ndarray]) -> pa.Table:
    columns = {name: pa.array(text, pa.string()) for name, text in texts.items()}
    columns = {
        name: text if name in ("sku", "key") else text.dictionary_encode()
        for name, text in columns.items()
    }
    return pa.table(
        columns | {name: pa.array(np.asarray(n, np.float32)) for name, n in numbers.items()}
    )


def _write_table(path: Path, table: pa.Table) -> None:
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table.combine_chunks())


def read_files(folder: Path) -> Book:
    """Map back what `write_files` wrote.

    Raises:
        ValueError: It is of another format.
    """
    about = orjson.loads((folder / _ABOUT).read_bytes())
    if about["format"] != FORMAT:
        raise ValueError(f"is of format {about['format']}, not {FORMAT}")
    series, named = _read_table(folder / _SERIES), _read_table(folder / _AGGREGATES)
    return Book(
        model_version=about["model_version"],
        as_of_ms=about["as_of_ms"],
        made_at_ms=about["made_at_ms"],
        currency=about["currency"],
        forecast=_forecast(folder, about, series),
        recent=RecentSales(_days(about["recent_periods"]), **_mapped(folder, "recent")),
        stock=BookStock(
            **_mapped(folder, "stock"), **{name: series[name].to_numpy() for name in _STOCK}
        ),
        review=Review(
            **_mapped(folder, "review"),
            figures={name: series[full].to_numpy() for name, full in _named(series, _FIGURE)},
            overall=about["accuracy"],
        ),
        aggregates=Aggregates(
            _texts(named, "kind"), _texts(named, "key"), **_mapped(folder, "aggregates")
        ),
        attributes={name: _texts(series, full) for name, full in _named(series, _ATTRIBUTE)},
        exceptions=_read_table(folder / _EXCEPTIONS),
    )


def _forecast(folder: Path, about: dict[str, Any], series: pa.Table) -> Forecast:
    return Forecast(
        grain=Grain.parse(about["grain"]),
        periods=_days(about["periods"]),
        sku=_texts(series, "sku"),
        site=_texts(series, "site"),
        tables=[LevelSets.from_json(plain) for plain in about["tables"]],
        method=_texts(series, "method"),
        common=about["common"],
        **_mapped(folder, "forecast"),
    )


def _days(texts: list[str]) -> np.ndarray:
    return np.array(texts, "datetime64[D]")


def _read_table(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all().combine_chunks()


def _mapped(folder: Path, part: str) -> dict[str, np.ndarray]:
    """Map the matrices of one part of the book, by field."""
    names = [name for name in _MATRICES if name.startswith(f"{part}.")]
    return {
        name.removeprefix(f"{part}."): np.asarray(
            np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        )
        for name in names
    }


def _texts(table: pa.Table, name: str) -> np.ndarray:
    """Equal texts are one object: what is compared and encoded a lot is quick."""
    column = table[name].combine_chunks()
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    values = np.array([*column.dictionary.to_pylist(), None], object)
    return values[column.indices.fill_null(len(values) - 1).to_numpy(zero_copy_only=False)]


def _named(table: pa.Table, prefix: str) -> list[tuple[str, str]]:
    names = [name for name in table.column_names if name.startswith(prefix)]
    return [(name.removeprefix(prefix), name) for name in names]
