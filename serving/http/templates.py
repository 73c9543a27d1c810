"""Templates of the pages, and words for numbers and times. No HTTP in it."""

import gzip
import hashlib
import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models.wording import duration, money, percent
from serving.caller import SIGNED_IN
from serving.wire.formats import rfc3339

PAGES = Path(__file__).parents[1] / "pages"
_PARTS = re.compile(r"(\d+)([MS])")
_AN_HOUR = {"M": 60, "S": 3_600}
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

LIBRARIES = (
    ("js_lib_htmx", "static", "htmx", "htmx.min.js"),
    ("plotly", "package_data", "plotly.min.js"),
)


class Asset(NamedTuple):
    """A file that pages refer to; its tag changes with its content."""

    content: bytes
    kind: str
    tag: str


@cache
def assets() -> Mapping[str, Asset]:
    """Return all files that pages refer to, by name. Libraries come from installed packages."""
    contents = {path.name: path.read_bytes() for path in (PAGES / "static").iterdir()}
    for package, *path in LIBRARIES:
        contents[path[-1]] = files(package).joinpath(*path).read_bytes()
    return {
        name: Asset(content, _KINDS[Path(name).suffix], hashlib.sha256(content).hexdigest()[:12])
        for name, content in contents.items()
    }


@cache
def packed(name: str) -> bytes:
    """Return a file's content in gzip: the chart library shrinks from 4.6 MB to a third."""
    return gzip.compress(assets()[name].content, mtime=0)


def asset_url(name: str) -> str:
    """Return the address of a file, which may be kept for ever."""
    return f"/static/{assets()[name].tag}/{name}"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = asset_url
    environment.globals["signed_in"] = SIGNED_IN.get
    environment.filters |= {
        "money": lambda value: money(float(value["amount"]), value["currency"]),
        "exact": lambda value: f"{value['currency']} {float(value['amount']):,.2f}",
        "money_of": lambda amount, currency, exact=False: (
            f"{currency} {amount:,.2f}" if exact else money(amount, currency)
        ),
        "day": day,
        "percent": percent,
        "units": units,
        "words": words,
        "heading": lambda name: words(name)[:1].upper() + words(name)[1:],
        "hours": duration,
        "minutes": lambda minutes: duration(minutes / 60),
        "moment": moment,
        "lasting": lasting,
        "rfc3339": rfc3339,
    }
    return environment


def words(name: str) -> str:
    """Return a name for people.

    >>> words("out_of_stock")
    'out of stock'
    """
    return name.replace("_", " ")


def units(count: float) -> str:
    """Return units for people: a part of one only where there are few.

    >>> units(1234.4), units(3.25), units(0.04), units(4.0)
    ('1,234', '3.2', '0.04', '4')
    """
    if math.isnan(count):
        return "\N{EN DASH}"
    if count == round(count) or count >= 10:
        return f"{count:,.0f}"
    return f"{count:.1f}" if count >= 0.1 else f"{count:.1g}"


def day(text: str) -> str:
    """Return a day of the forecast for people: no year, it is near.

    >>> day("2026-03-01")
    '1 Mar'
    """
    return f"{date.fromisoformat(text):%-d %b}"


def lasting(text: str) -> str:
    """Return a duration of the API for people.

    >>> lasting("PT12M30S"), lasting("PT90M"), lasting("PT45S")
    ('13 min', '1 h 30 min', '1 min')
    """
    hours = sum(int(count) / _AN_HOUR[unit] for count, unit in _PARTS.findall(text))
    return duration(max(hours, 1 / 60))


def moment(text: str) -> str:
    """Return a time of the API for people; the script makes it local.

    >>> moment("2026-03-01T09:13:02.000Z")
    '2026-03-01 09:13 UTC'
    """
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M} UTC"


def draw(template: str, **values: Any) -> str:
    """Return a page or a part of one; every value in it is escaped."""
    return _templates().get_template(template).render(values)
