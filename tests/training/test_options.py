"""Options of a training: a dry run leaves the store as it was, and prints what would be."""

import sys
from collections.abc import Mapping
from typing import NamedTuple

import pytest

from training.__main__ import main
from training.common.options import console

CHOICES = (
    "--seed", "3", "--without", "sku*", "--candidates", "trees,logistic", "--no-languages",
)  # fmt: skip


class DryRun(NamedTuple):
    printed: str
    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    card: str


def files_of(store):
    return {
        path.relative_to(store.root).as_posix(): path.read_bytes()
        for path in store.root.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def dry(shop, tmp_path_factory):
    """Text and files of a dry run over a store with a champion."""
    before = files_of(shop.store)
    card = tmp_path_factory.mktemp("card") / "card.html"
    printed = command(shop, "--dry-run", "--card", card, *CHOICES)
    return DryRun(printed, before, files_of(shop.store), card.read_text(encoding="utf-8"))


def command(shop, *options):
    """Run the training of triage as of the end; return what it prints."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPEDITE_MLRUNS", str(shop.store.root))
        arguments = ("--history", shop.history.path, "--as-of", shop.end.isoformat(), *options)
        patch.setattr(sys, "argv", ["training", "triage", *map(str, arguments)])
        with console.capture() as captured:
            main(standalone_mode=False)
    return captured.get()


def test_a_dry_run_writes_nothing_to_the_store(dry):
    assert dry.after == dry.before


def test_a_dry_run_prints_what_the_gate_decides(dry):
    assert "Dry run, nothing is registered" in dry.printed
    assert "mean log loss" in dry.printed


def test_a_run_prints_figures_beside_baselines(dry):
    assert "plain LightGBM" in dry.printed


def test_the_model_card_is_written_to_the_file(dry):
    assert "<h1>Model card: triage</h1>" in dry.card
