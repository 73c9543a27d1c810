"""Demand as of a moment, read from a history into a panel."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
import pyarrow as pa

from data.domain import BadInputError, NotEnoughDataError
from data.history.history import History
from data.ticks import US_PER_DAY
from features.demand.grain import Grain
from features.demand.matrix import DemandMatrix, coarser, lived, share_covered
from features.demand.panel import Panel
from features.demand.periods import PeriodCalendar
from training.demand.period_reading import recorded_periods
from training.demand.series_attributes import read_attributes


def read_panel(history: History, as_of: pd.Timestamp, grain: Grain | None = None) -> Panel:
    """Read the demand of all SKUs and sites that were known before a moment.

    It is the given `demand` where the history has any, else it is built by day from order lines;
    their site is "all" where they name none. A day is that of the site's time zone, else of the
    order's, else of the company's; it is complete where it has ended in all of them. The last
    period is the last complete one; of given demand, the last one of which a row was known.

    Args:
        history: The history.
        as_of: A moment with its zone; rows known at or after it do not count. With midnight
            the day before is complete.
        grain: How long a period is; that of the given demand, else a day, if left out.

    Raises:
        BadInputError: The grain is finer than the given demand.
        NotEnoughDataError: No period was complete before the moment.
    """
    moment = as_of.tz_convert("UTC")
    source = _Source.of(history, moment, grain)
    calendar = _calendar(source.calendar, grain)
    panel = _panel(source)
    if panel is not None and calendar != source.calendar:
        panel = coarser(panel, source.calendar, calendar)
    if panel is None:
        what = f"complete periods ({calendar.grain}) of demand known before {moment:%Y-%m-%d %H:%M}"
        raise NotEnoughDataError(what, 0, 1, "Choose a later moment or a shorter grain.")
    return panel


def _calendar(recorded: PeriodCalendar, grain: Grain | None) -> PeriodCalendar:
    """Return the calendar of a grain, into which recorded periods are summed up."""
    if grain in (None, recorded.grain):
        return recorded
    calendar = recorded.coarser(grain)
    if calendar is None:
        raise BadInputError(
            f"demand by {grain}",
            f"the history gives it by {recorded.grain}",
            f"Take the grain '{recorded.grain}', or a longer one that it divides.",
        )
    return calendar


@dataclass(frozen=True)
class _Source:
    """Source of the demand rows.

    Attributes:
        history: The history.
        moment: Rows known at or after it are not read.
        calendar: The periods that it is recorded in.
        name: "recorded" or "ordered".
    """

    history: History
    moment: pd.Timestamp
    calendar: PeriodCalendar
    name: str

    @classmethod
    def of(cls, history: History, moment: pd.Timestamp, grain: Grain | None) -> Self:
        """Return the recorded demand of a history, else its orders."""
        if not history.rows["demand"]:
            return cls(history, moment, PeriodCalendar.of(Grain.DAY), "ordered")
        calendar = recorded_periods(history, moment, grain).calendar
        return cls(history, moment, calendar, "recorded")

    def series(self) -> pd.DataFrame:
        """Return the series with the periods of first and last life sign and last recorded row."""
        signs = self.history.query(f"demand/series_{self.name}", known_before=self.moment)
        for name in ("first_at", "last_at", "recorded_at"):
            there = signs[name].notna().to_numpy()
            days = signs[name].to_numpy("datetime64[D]")
            signs[name] = np.where(there, self.calendar.number(days), np.nan)
        return signs

    def batches(self, name: str, series: pa.Table) -> Iterator[dict[str, np.ndarray]]:
        """Yield the columns of a query's answer, in parts."""
        beside = {"series": series}
        for batch in self.history.batches(
            f"demand/{name}", beside=beside, known_before=self.moment
        ):
            yield {
                column: batch[column].to_numpy(zero_copy_only=False)
                for column in batch.schema.names
            }


@dataclass(frozen=True)
class _Frame:
    """The series and periods that values are put into.

    Attributes:
        source: Where the values are from.
        series: Table of `sku`, `site` and `position`.
        first: Number of the first period.
        length: How many periods.
    """

    source: _Source
    series: pa.Table
    first: int
    length: int

    def columns(self, days: np.ndarray) -> np.ndarray:
        """Return the columns that days since 1970 lie in."""
        return self.source.calendar.number(days.astype("datetime64[D]")) - self.first

    def positions(self, moments_us: np.ndarray) -> np.ndarray:
        """Return microseconds since 1970 as periods since the first, with fractions."""
        columns = self.columns(moments_us // US_PER_DAY)
        begins, ends = (self.begins_us(columns + step) for step in (0, 1))
        return columns + (moments_us - begins) / (ends - begins)

    def begins_us(self, columns: np.ndarray) -> np.ndarray:
        """Return when periods begin."""
        days = self.source.calendar.first_day(columns + self.first)
        return days.astype(np.int64) * US_PER_DAY


def _panel(source: _Source) -> Panel | None:
    """Return the panel in the periods that demand is recorded in; None if none is complete."""
    series = source.series()
    zones = series["timezone"].dropna().unique().tolist() or [source.history.timezone]
    timezone = _last_time_zone(zones, source.moment)
    first, end = series["first_at"].min(), _end(source, series, timezone)
    if not first < end:
        return None
    numbered = pa.table(
        {
            "sku": pa.array(series["sku"], pa.string()),
            "site": pa.array(series["site"], pa.string()),
            "position": np.arange(len(series)),
        }
    )
    frame = _Frame(source, numbered, int(first), end - int(first))
    born = (series["first_at"] - first).fillna(frame.length).to_numpy(np.int64)
    died = (series["last_at"] - first).fillna(-1).to_numpy(np.int64)
    units = lived(born, died, frame.length)
    shares, price, promotion = _fill(frame, units)
    own = read_attributes(source.history, source.moment, series["sku"], series["site"])
    return Panel(
        grain=source.calendar.grain,
        periods=source.calendar.first_day(np.arange(first, end)),
        sku=series["sku"].to_numpy(object),
        site=series["site"].to_numpy(object),
        units=units,
        in_stock=_in_stock(frame, shares),
        price=price,
        promotion=promotion,
        attributes=own.texts,
        words=own.words,
        numbers=own.numbers,
        timezone=timezone,
    )


def _last_time_zone(names: list[str], moment: pd.Timestamp) -> str:
    """Return the time zone in which it is earliest at a moment."""
    return min(sorted(names), key=lambda name: moment.tz_convert(name).tz_localize(None))


def _end(source: _Source, series: pd.DataFrame, timezone: str) -> int:
    """Return the number of the period after the last complete one of which a row was known."""
    today = np.array([source.moment.tz_convert(timezone).tz_localize(None)], "datetime64[D]")
    running = int(source.calendar.number(today)[0])
    last_recorded = series["recorded_at"].max()
    return running if np.isnan(last_recorded) else min(running, int(last_recorded) + 1)


class PanelColumns(NamedTuple):
    """Optional matrices of a panel.

    Attributes:
        share: Shares in stock.
        price: Prices.
        promotion: Promotions.
    """

    share: np.ndarray | None
    price: np.ndarray | None
    promotion: np.ndarray | None


def _fill(frame: _Frame, units: np.ndarray) -> PanelColumns:
    """Add the sold units to `units`; return shares in stock, prices and promotions.

    Planned values count where no others are recorded.
    """
    planned = list(frame.source.batches("planned", frame.series))
    last = max(
        (int(frame.columns(rows["day"]).max()) for rows in planned if len(rows["day"])), default=0
    )
    wide = (units.shape[0], max(frame.length, last + 1))
    share, price, promotion = DemandMatrix(units.shape), DemandMatrix(wide), DemandMatrix(wide)
    for rows in planned:
        columns = frame.columns(rows["day"])
        price.put(rows["series"], columns, rows["price"])
        promotion.put(rows["series"], columns, rows["promotion"])
    for rows in frame.source.batches(f"cells_{frame.source.name}", frame.series):
        columns = frame.columns(rows["day"])
        over = columns < frame.length
        at = rows["series"][over], columns[over]
        np.add.at(units, at, rows["units"][over])
        share.put(*at, rows["in_stock_share"][over])
        price.put(*at, rows["price"][over])
        promotion.put(*at, rows["promotion"][over])
    return PanelColumns(share.matrix, price.matrix, promotion.matrix)


def _in_stock(frame: _Frame, shares: np.ndarray | None) -> np.ndarray:
    """Return shares in stock: as given, else by the counts of stock, else 1.

    The last stock count of a series holds to the end of its period.
    """
    shape = len(frame.series), frame.length
    parts = list(frame.source.batches("out_of_stock", frame.series))
    if sum(len(rows["series"]) for rows in parts):
        rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        from_us = rows["from_us"].astype(np.int64)
        start = frame.positions(from_us)
        last = np.isnan(rows["until_us"].astype(float))
        until_us = np.where(last, from_us, np.nan_to_num(rows["until_us"])).astype(np.int64)
        end = np.where(last, np.floor(start) + 1, frame.positions(until_us))
        by_counts = 1 - share_covered(rows["series"], start, end, shape)
    else:
        by_counts = np.ones(shape, np.float32)
    return by_counts if shares is None else np.where(np.isnan(shares), by_counts, shares)
