"""One job as the queue stores it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:  # DBOS takes a second to import: only who opens the queue waits for it
    from dbos import WorkflowStatus

JOBS_LEASE = "jobs"
"""Lease of the ledger that the worker holds."""
WAITING, RUNNING, SUCCEEDED, FAILED, CANCELLED = (
    "waiting",
    "running",
    "succeeded",
    "failed",
    "cancelled",
)
JOB_STATUSES = (WAITING, RUNNING, SUCCEEDED, FAILED, CANCELLED)
_STATUSES = {
    "DELAYED": WAITING,
    "ENQUEUED": WAITING,
    "PENDING": RUNNING,
    "SUCCESS": SUCCEEDED,
    "CANCELLED": CANCELLED,
}


@dataclass(frozen=True)
class JobRecord:
    """One job as it stands.

    Attributes:
        id: Its id.
        kind: Name of its kind.
        status: One of `JOB_STATUSES`.
        spec: Stored specification.
        by: Who started it; None where that is not proven.
        created_at_ms: When it was started.
        begun_at_ms: When the worker took it last.
        ended_at_ms: When it ended.
        attempts: How often the worker took it.
        exit_code: Of its command; None before its end.
        problem: Why it failed, where no command says it.
        files: Names of the files that it wrote.
    """

    id: str
    kind: str
    status: str
    spec: dict[str, Any]
    by: str | None
    created_at_ms: int
    begun_at_ms: int | None
    ended_at_ms: int | None
    attempts: int
    exit_code: int | None
    problem: str | None
    files: list[str]

    @property
    def is_over(self) -> bool:
        """True once it has ended."""
        return self.status not in (WAITING, RUNNING)

    @classmethod
    def of(cls, stored: "WorkflowStatus") -> Self:
        """Read the state that DBOS stores."""
        arguments = (stored.input or {}).get("args") or [{}]
        result = stored.output if isinstance(stored.output, dict) else {}
        exit_code = result.get("exit_code")
        status = _STATUSES.get(stored.status, FAILED)
        if status == SUCCEEDED and exit_code != 0:
            status = FAILED
        return cls(
            id=stored.workflow_id,
            kind=str(arguments[0].get("kind")),
            status=status,
            spec=arguments[0],
            by=stored.authenticated_user or None,
            created_at_ms=stored.created_at or 0,
            begun_at_ms=stored.dequeued_at,
            ended_at_ms=stored.completed_at if status not in (WAITING, RUNNING) else None,
            attempts=stored.recovery_attempts or 0,
            exit_code=exit_code,
            problem=_problem(stored),
            files=result.get("files", []),
        )


def _problem(stored: "WorkflowStatus") -> str | None:
    if stored.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
        return "It was taken up too often: each time its worker was killed."
    return None if stored.error is None else str(stored.error)
