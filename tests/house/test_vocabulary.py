"""One word, one meaning: names of the field, each defined once, and docstrings that say a noun."""

import re

import pytest

DIALECT = {
    "told", "said", "asked", "found", "seen", "known", "kept", "wanted", "came", "given", "held",
    "heard", "mine", "theirs", "desk", "opinion", "world", "scene",
}  # fmt: skip
STORED = {
    ("data/ledger/intake.py", "opinion"),
    ("data/ledger/message_order.py", "opinion"),
    ("data/ledger/ledger.py", "opinion"),
}
"""Columns of the ledger, by file: they stay as they are."""
LIMIT = re.compile(r"_*(FEWEST|MOST|LEAST|LONGEST|SHORTEST|LARGEST|SMALLEST)_")
TIME = re.compile(r"_*(MS|TICKS|SECONDS|MINUTES|HOURS|DAYS)_(PER|A|AN)_[A-Z]+$")


def _names(measure):
    for file in measure.sources():
        for binding in measure.bindings(file):
            yield file.path.as_posix(), binding


def test_a_class_name_is_defined_once(measure):
    repeated = {name: at for name, at in measure.classes_by_name().items() if len(at) > 1}
    repeated.pop("Config", None)  # pandera reads the settings of a table from a class of this name
    assert repeated == {}


def test_no_word_of_a_private_dialect_names_anything(measure):
    spoken = [
        f"{path}:{binding.line} {binding.name}"
        for path, binding in _names(measure)
        if binding.name.strip("_").lower() in DIALECT and (path, binding.name) not in STORED
    ]
    assert spoken == []


def test_a_limit_is_called_min_or_max(measure):
    limits = [f"{path} {b.name}" for path, b in _names(measure) if LIMIT.match(b.name)]
    assert limits == []


def test_a_constant_of_time_stands_in_one_file(measure):
    constants = [f"{path} {b.name}" for path, b in _names(measure) if TIME.match(b.name)]
    assert {where.split()[0] for where in constants} == {"data/ticks.py"}, constants


@pytest.mark.parametrize("package", ["data", "features", "models", "training", "serving"])
def test_a_docstring_opens_with_a_noun_or_an_imperative(measure, package):
    riddles = [
        f"{file.path} {name}: {text.splitlines()[0]}"
        for file in measure.sources()
        if file.path.parts[0] == package
        for name, text in file.documented()
        if measure.QUESTION.match(text)
    ]
    assert riddles == []
