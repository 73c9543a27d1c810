import sys

import pytest

from training.__main__ import main


def test_describe_shows_demand_and_the_features_that_stay_dark(shop, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["training", "describe", str(shop.history.path)])
    with pytest.raises(SystemExit) as end:
        main()
    printed = capsys.readouterr().out

    assert not end.value.code
    assert "Demand" in printed
    assert "orders.region" in printed


def test_the_page_of_a_history_shows_tables_pictures_and_samples(shop, monkeypatch, tmp_path):
    page = tmp_path / "new folder" / "page.html"
    command = ["training", "describe", str(shop.history.path), "--html", str(page)]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as end:
        main()
    written = page.read_text(encoding="utf-8")

    assert not end.value.code
    for part in ("Currencies of orders", "Missing values", "Rows by month", "Samples", "<svg"):
        assert part in written
    assert not [part for part in ("<script", "<link", "src=") if part in written]
