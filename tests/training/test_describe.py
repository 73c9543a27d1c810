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
