"""Texts of exceptions: templates with slots, a voice, and typing errors."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from data.sources.synthetic.catalogue import CARRIERS, CITIES, GATEWAYS, SITES, Catalogue
from data.sources.synthetic.causes import CODE, NAMES
from data.sources.synthetic.exceptions import LANGUAGES, ExceptionBlock
from data.sources.synthetic.orders import OrderBlock

TEMPLATES: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("texts.toml").read_text(encoding="utf-8")
)
EMPTY_SHARE = 0.03
TYPO_SHARE = 0.12
LOWER_SHARE = 0.15


def messages(
    random: np.random.Generator, catalogue: Catalogue, orders: OrderBlock, raised: ExceptionBlock
) -> list[str | None]:
    """Write one message for each exception; a few are left empty."""
    order = raised.order
    cities = np.array(CITIES)[orders.visits.country[order], orders.city[order]]
    slots = zip(
        orders.number[order].tolist(),
        catalogue.skus[orders.first_sku[order]].tolist(),
        cities.tolist(),
        np.array(CARRIERS)[orders.carrier[order]].tolist(),
        np.array(GATEWAYS)[orders.gateway[order]].tolist(),
        np.array(SITES)[orders.visits.site[order]].tolist(),
        orders.total[order].tolist(),
        random.integers(2, 9, (len(order), 2)).tolist(),
        strict=True,
    )
    facts = zip(
        raised.language.tolist(),
        raised.wording.tolist(),
        raised.complexity.tolist(),
        random.random((len(order), 4)).tolist(),
        strict=True,
    )
    return [
        None
        if luck[3] < EMPTY_SHARE
        else _written(language, wording, hard=hard, luck=luck, slots=_slots(slot))
        for (language, wording, hard, luck), slot in zip(facts, slots, strict=True)
    ]


def _slots(slot: tuple) -> dict[str, str]:
    number, sku, city, carrier, gateway, site, amount, (days, units) = slot
    return {
        "order": f"#{number}",
        "sku": sku,
        "city": city,
        "carrier": carrier,
        "gateway": gateway,
        "site": site,
        "amount": f"{amount:.2f} EUR",
        "days": str(days),
        "units": str(units),
    }


def _written(
    language: int, wording: int, hard: int, luck: list[float], slots: dict[str, str]
) -> str:
    templates = TEMPLATES[LANGUAGES[language]]
    choices = templates[NAMES[wording] if wording >= 0 else "generic"]
    pick = luck[0] * len(choices)
    parts = [choices[int(pick)]]
    if hard:
        first = int(luck[1] * 4)
        parts += [templates["hard"][(first + more) % 4] for more in range(hard)]
    text = templates["comma"].join(parts).format(**slots)
    if luck[2] < TYPO_SHARE:
        return _mistyped(text, pick % 1)
    return text.lower() if luck[2] > 1 - LOWER_SHARE else text


def _mistyped(text: str, where: float) -> str:
    """Swap two neighbours or drop a letter."""
    at = int(where * (len(text) - 2))
    swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return swapped if at % 2 else text[:at] + text[at + 1 :]


def attributes(
    random: np.random.Generator, catalogue: Catalogue, orders: OrderBlock, raised: ExceptionBlock
) -> list[str]:
    """Return the JSON object that the source sends along: names of things, and its own scores."""
    order, size = raised.order, len(raised.order)
    is_cause = {name: raised.cause == code for name, code in CODE.items()}
    address = random.beta(
        np.where(is_cause["address"], 4, 6), np.where(is_cause["address"], 2.5, 2)
    )
    risk = np.clip(random.normal(np.where(is_cause["fraud"], 48, 32), 18, size), 0, 100)
    attempts = 1 + random.poisson(np.where(is_cause["payment"], 0.6, 0.15))
    columns = zip(
        np.array(CARRIERS)[orders.carrier[order]].tolist(),
        np.array(GATEWAYS)[orders.gateway[order]].tolist(),
        np.array(SITES)[orders.visits.site[order]].tolist(),
        catalogue.skus[orders.first_sku[order]].tolist(),
        orders.lines[order].tolist(),
        address.tolist(),
        risk.tolist(),
        attempts.tolist(),
        strict=True,
    )
    return [
        f'{{"carrier":"{carrier}","gateway":"{gateway}","site":"{site}","sku":"{sku}",'
        f'"line_count":{lines},"address_score":{score:.2f},"risk_score":{points:.0f},'
        f'"payment_attempts":{tries}}}'
        for carrier, gateway, site, sku, lines, score, points, tries in columns
    ]
