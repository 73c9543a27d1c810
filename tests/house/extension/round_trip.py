"""Exceptions as training reads them, and as a scoring call and the service read them.

A test copies this file into a copy of the product. A service takes the exceptions in; its ledger is
exported, and the export is imported as a history.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from fastapi.testclient import TestClient

from data.__main__ import app as data_commands
from data.history.history import History
from data.ledger.export import export_ledger
from data.ledger.ledger import Ledger
from data.policy.policy import Policy
from data.settings import Settings
from features.catalog import dark_features
from features.engine.compute import Features
from features.exceptions.features import FEATURES
from features.exceptions.logs import exception_logs
from features.exceptions.tables import exception_columns
from models.triage.triage import Triage
from serving.app import create_app
from serving.scoring.amounts import rates_for
from serving.scoring.columns import columns_of
from serving.scoring.recent_logs import RecentLogs
from serving.wire.exception_in import EXCEPTION

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEDGER = "sqlite:///ledger.sqlite"


@dataclass(frozen=True)
class RoundTrip:
    """The features of the same exceptions, computed on both ways at one later moment.

    Attributes:
        names: Names of the features.
        trained: Floats of shape (exceptions, features), of the imported tables alone.
        live: The same of the payloads, and of the logs that the service continues.
        dark: Features that the imported history leaves dark.
    """

    names: list[str]
    trained: np.ndarray
    live: np.ndarray
    dark: list[str]

    def of(self, name: str) -> dict[str, Any]:
        """Return what a test asserts of the features whose name begins so."""
        columns = [i for i, own in enumerate(self.names) if own.startswith(name)]
        trained, live = self.trained[:, columns], self.live[:, columns]
        return {
            "names": [self.names[i] for i in columns],
            "dark": [own for own in self.dark if own.startswith(name)],
            "same": bool(np.array_equal(trained, live, equal_nan=True)),
            "distinct": [len(np.unique(column[~np.isnan(column)])) for column in trained.T],
        }


def round_trip(payloads: list[dict[str, Any]], resolutions: list[dict[str, Any]]) -> RoundTrip:
    """Compute the features on both ways.

    Args:
        payloads: Exceptions.
        resolutions: The resolutions of as many of them, from the first on.
    """
    _serve(payloads, resolutions)
    ledger = Ledger.open(LEDGER)
    export_ledger(ledger, Path("export"), begin=None, end=None)
    command = "import export --source expedite --into history"
    data_commands(command.split(), standalone_mode=False)

    policy = Policy.read(Settings().policy)
    history = History.open("history").in_currency(policy.currency, policy.rates)
    raised = history.table("exceptions").sort_values("exception_id", ignore_index=True)
    tables = exception_columns(
        raised, history.table("orders"), history.table("order_lines"), kinds={}
    )
    plan = FEATURES.fit(tables, {})
    bare = Features(FEATURES, plan, {})
    triage = Triage(bare, past={}, trained_as_of=0)
    past = exception_logs(
        columns=tables,
        entities=triage.entities,
        exceptions=raised,
        events=history.table("exception_events"),
        outcomes=history.table("outcomes"),
    )
    recent = RecentLogs(ledger, policy)
    recent.read(triage)

    as_of = np.full(len(payloads), int(NOON.timestamp() * 1000) + 86_400_000)
    trained = Features(FEATURES, plan, past)
    live = bare.with_recent(recent.logs(triage))
    sent = columns_of(
        [EXCEPTION.validate_python(payload) for payload in payloads],
        {},
        rates=rates_for(policy, triage),
    )
    return RoundTrip(
        names=bare.names,
        trained=trained.compute(tables, trained.keys(tables), as_of).dense,
        live=live.compute(sent, live.keys(sent), as_of).dense,
        dark=[name for name, _ in dark_features(history.filled_columns())],
    )


def _serve(payloads: list[dict[str, Any]], resolutions: list[dict[str, Any]]) -> None:
    """Send the exceptions to a service one by one, so that their ids sort as they were sent."""
    settings = Settings(database_url=LEDGER, mlruns=Path("mlruns"), clock=NOON)
    with TestClient(create_app(settings), base_url="http://localhost") as client:
        ids = []
        for payload in payloads:
            answer = client.post("/v1/exceptions", json=payload)
            assert answer.status_code == 201, answer.text
            ids.append(answer.json()["id"])
        assert ids == sorted(ids)
        for exception_id, resolution in zip(ids, resolutions, strict=False):
            answer = client.post(f"/v1/exceptions/{exception_id}/resolve", json=resolution)
            assert answer.status_code == 200, answer.text
