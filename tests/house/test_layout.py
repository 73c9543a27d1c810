"""The house plan: what lies where, and that nobody else's folder is taken for ours."""

import subprocess
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ["data", "features", "models", "training", "serving"]
ALSO = {"tests", "docs", "deploy", "mlruns", ".ci"}
MAX_FILES = 20


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [Path(line) for line in listed.stdout.splitlines()]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_is_ours_and_not_that_of_an_installed_package(folder):
    assert Path(import_module(folder).__file__ or "").parent == ROOT / folder
    assert set(packages_distributions().get(folder, [])) <= {"expedite"}


def test_the_top_level_holds_the_given_folders_and_files_only():
    folders = {path.parts[0] for path in tracked() if len(path.parts) > 1}
    assert folders == {*FOLDERS, *ALSO}


def test_a_folder_of_the_product_holds_at_most_twenty_python_files(measure):
    assert {folder: n for folder, n in measure.files_by_folder().items() if n > MAX_FILES} == {}


def test_every_folder_of_the_product_is_a_package(measure):
    packages = {file.path.parent for file in measure.sources() if file.path.name == "__init__.py"}
    assert {file.path.parent for file in measure.sources()} == packages


def test_the_examples_of_every_module_run(pytestconfig):
    assert set(pytestconfig.getini("testpaths")) == {"tests", *FOLDERS}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_package_says_in_one_line_what_it_is(folder):
    doc = import_module(folder).__doc__ or ""
    assert 20 < len(doc) < 200


def test_no_pickle_is_in_the_repository_or_read_by_the_code():
    code = [p for p in tracked() if p.suffix == ".py" and p.parts[0] in FOLDERS]
    assert not [p for p in tracked() if p.suffix in {".pkl", ".pickle", ".joblib"}]
    assert not [p for p in code if "import pickle" in (ROOT / p).read_text(encoding="utf-8")]


def test_nothing_of_ours_is_loaded_from_elsewhere():
    pages = [p for p in tracked() if p.suffix in {".html", ".css", ".js"}]
    assert pages
    for page in pages:
        text = (ROOT / page).read_text(encoding="utf-8")
        assert "//cdn" not in text
        assert 'src="http' not in text
