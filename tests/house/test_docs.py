"""The documents keep up with the code."""

import re
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
