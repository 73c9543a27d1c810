"""Every feature there is, and which of them a history leaves dark."""

from collections.abc import Iterator
from typing import NamedTuple

from features.engine.attributes import ATTRIBUTE, COLUMN_OF
from features.engine.feature_set import Entity, FeatureSet
from features.exceptions import features
from features.orders import features as orders_features

FEATURE_SETS: dict[str, FeatureSet] = {
    "exceptions": features.FEATURES,
    "orders": orders_features.FEATURES,
}


class FeatureInfo(NamedTuple):
    """Description of one feature."""

    subject: str
    name: str
    meaning: str
    unit: str
    needs: tuple[str, ...]


def all_features() -> Iterator[FeatureInfo]:
    """Yield every declared feature; attributes stand as templates: `attributes.<name>`."""
    for subject, declared in FEATURE_SETS.items():
        for row in declared.rows:
            yield FeatureInfo(
                subject=subject, name=row.name, meaning=row.meaning, unit=row.unit, needs=row.needs
            )
        for word in declared.words:
            yield FeatureInfo(
                subject=subject, name=word.name, meaning=word.meaning, unit="word", needs=word.needs
            )
        for entity in declared.entities:
            for past in declared.history(entity):
                yield FeatureInfo(
                    subject=subject,
                    name=past.name,
                    meaning=past.meaning,
                    unit=past.unit,
                    needs=past.needs,
                )
        if declared.message:
            meaning = "Words, word pairs and character n-grams of the message, hashed"
            yield FeatureInfo(
                subject=subject,
                name="message n-grams",
                meaning=meaning,
                unit="0 or 1",
                needs=("exceptions.message",),
            )
        for prefix, column in _attribute_columns(subject):
            yield from _attribute_template(subject, prefix, column)


def _attribute_columns(subject: str) -> Iterator[tuple[str, str]]:
    """Yield each prefix of the attributes that a subject has, and the column that holds them."""
    if subject == "exceptions":
        yield "", "exceptions.attributes"
    yield from COLUMN_OF.items()


def _attribute_template(subject: str, prefix: str, column: str) -> Iterator[FeatureInfo]:
    name = f"{ATTRIBUTE}{prefix}<name>"
    owner = column.partition(".")[0].replace("_", " ")
    yield FeatureInfo(
        subject=subject,
        name=name,
        meaning=f"Any attribute that a source sends of {owner}",
        unit="word or number",
        needs=(column,),
    )
    for past in FEATURE_SETS[subject].history(Entity(name, (name,))):
        yield FeatureInfo(
            subject=subject, name=past.name, meaning=past.meaning, unit=past.unit, needs=(column,)
        )


def dark_features(filled: set[str]) -> list[tuple[str, str]]:
    """Return features that a history can't light, each with the columns that it lacks.

    Args:
        filled: The columns that hold at least one value, as "table.column".
    """
    dark = []
    for info in all_features():
        lacking = [need for need in info.needs if _column(need) not in filled]
        if lacking:
            dark.append((info.name, ", ".join(lacking)))
    return dark


def _column(need: str) -> str:
    return "exceptions.attributes" if need.startswith("exceptions.attributes") else need
