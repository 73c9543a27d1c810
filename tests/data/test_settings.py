"""Settings: read from the environment, each named in `.env.example`."""

from pathlib import Path

import pytest

from data.domain import BadInputError
from data.settings import Settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def named_in_the_example():
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_example_names_every_setting():
    expected = {f"EXPEDITE_{name.upper()}" for name in Settings.model_fields}

    assert set(named_in_the_example()) == expected


def test_the_example_gives_the_defaults(monkeypatch):
    monkeypatch.chdir(EXAMPLE.parent)
    defaults = Settings(_env_file=None)
    example = Settings(_env_file=EXAMPLE)

    assert example.model_copy(update={"policy": example.policy.resolve()}) == defaults


def test_every_setting_says_what_it_is_for():
    described = ("database_url", "mlruns", "policy", "host", "port", "poll_seconds")

    assert all(Settings.model_fields[name].description for name in described)


def test_the_environment_overrides_the_default(monkeypatch):
    monkeypatch.setenv("EXPEDITE_PORT", "0")

    assert Settings.read().port == 0


def test_a_setting_of_the_wrong_kind_is_named(monkeypatch):
    monkeypatch.setenv("EXPEDITE_PORT", "many")

    with pytest.raises(BadInputError, match="EXPEDITE_PORT"):
        Settings.read()
