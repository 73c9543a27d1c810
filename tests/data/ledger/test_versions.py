"""Versions in use at each time, on SQLite and on PostgreSQL alike."""

import pytest

from data.ledger.versions import (
    CHAMPION,
    POLICY,
    VersionInUse,
    record_version,
    recorded_since,
    version_in_use,
)

NOON_MS = 1_772_366_400_000


@pytest.fixture
def noted(ledger):
    def write(*versions):
        with ledger.writing() as connection:
            for version in versions:
                record_version(connection, version)

    return write


@pytest.fixture
def used_at(ledger):
    def read(kind, at_ms):
        with ledger.reading() as connection:
            return version_in_use(connection, kind, at_ms=at_ms)

    return read


def test_each_moment_has_what_was_in_use_then(noted, used_at):
    noted(VersionInUse(CHAMPION, None, NOON_MS), VersionInUse(CHAMPION, "7", NOON_MS + 10))

    labels = [used_at(CHAMPION, NOON_MS + ms).label for ms in (0, 9, 10, 99)]
    assert labels == [None, None, "7", "7"]


def test_before_the_first_nothing_is_known(noted, used_at):
    noted(VersionInUse(POLICY, "a", NOON_MS, "text"))

    assert used_at(POLICY, NOON_MS - 1) is None


def test_of_two_at_once_the_later_written_holds(noted, used_at):
    noted(VersionInUse(CHAMPION, None, NOON_MS), VersionInUse(CHAMPION, "7", NOON_MS))

    assert used_at(CHAMPION, NOON_MS).label == "7"


def test_what_goes_on_is_not_written_again(noted, used_at):
    noted(
        VersionInUse(POLICY, "a", NOON_MS, "text"), VersionInUse(POLICY, "a", NOON_MS + 10, "text")
    )

    assert used_at(POLICY, NOON_MS + 10).known_at_ms == NOON_MS


def test_a_policy_of_the_same_name_and_another_text_is_another(noted, used_at):
    noted(
        VersionInUse(POLICY, "a", NOON_MS, "one"), VersionInUse(POLICY, "a", NOON_MS + 10, "other")
    )

    assert used_at(POLICY, NOON_MS + 10).body == "other"


def test_a_policy_and_a_champion_do_not_hide_each_other(noted, used_at):
    noted(VersionInUse(POLICY, "a", NOON_MS, "text"), VersionInUse(CHAMPION, "7", NOON_MS + 10))

    assert used_at(POLICY, NOON_MS + 20).label == "a"


def test_it_says_since_when_it_is_recorded(ledger, noted):
    with ledger.reading() as connection:
        before = recorded_since(connection)
    noted(VersionInUse(POLICY, "a", NOON_MS, "text"))

    with ledger.reading() as connection:
        assert (before, recorded_since(connection)) == (None, NOON_MS)
