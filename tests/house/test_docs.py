"""The documents keep up with the code."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest

from data.settings import Settings
from features.catalog import all_features

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"]
DOCUMENTS += sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_stands_in_the_example_file(name):
    assert f"EXPEDITE_{name.upper()}=" in (ROOT / ".env.example").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", ["demo", "test"])
def test_the_two_commands_of_the_readme_are_targets_of_make(target):
    assert f"make {target}" in README
    assert re.search(rf"^{target}:.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_link_between_documents_leads_somewhere(document):
    text = document.read_text(encoding="utf-8")
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (document.parent / link).exists(), link


def test_every_feature_says_what_it_means_and_where_it_comes_from():
    for feature in all_features():
        assert feature.meaning, feature.name
        assert feature.unit, feature.name
        assert feature.needs, feature.name


def test_no_two_features_of_a_subject_share_a_name():
    names = [(feature.subject, feature.name) for feature in all_features()]
    assert len(names) == len(set(names))


CODE = re.compile(
    r"`(?!data/files)((?:data|features|models|training|serving)(?:[./][A-Za-z0-9_]+)+)"
)


def test_what_a_text_names_in_backticks_exists(measure):
    there = _nameable(measure)
    texts = {str(file.path): file.text for file in measure.sources()}
    texts |= {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in DOCUMENTS}
    missing = [
        f"{path}: {name}"
        for path, text in texts.items()
        for name in CODE.findall(text)
        if name not in there and not (ROOT / name).exists()
    ]
    assert missing == []


def _nameable(measure) -> set[str]:
    """The dotted names of all modules, and of what they define."""
    names: set[str] = set()
    for file in measure.sources():
        names.add(file.module)
        names |= {f"{file.module}.{binding.name}" for binding in measure.bindings(file)}
        for node in file.definitions(ast.ClassDef):
            members = (b.name for b in measure.bindings(replace(file, tree=node)))
            names |= {f"{file.module}.{node.name}.{member}" for member in members}
    return names
