"""The guard of teams: a caller who is bound to teams meets no exception of another one.

An exception of another team is answered as one that is not there (404). A route that shows or
changes what belongs to all teams is refused (403), and so is one that is not in the table.
"""

import asyncio

from starlette.types import Scope

from data.domain import NotFoundError
from data.ledger.ledger import Ledger
from serving.access.route_scopes import TEAM_ROUTES
from serving.caller import Caller
from serving.http.problems import NotAllowedError
from serving.live_list.open_exceptions import OpenExceptions, of_teams
from serving.scoring.assessment import stored_assessment
from serving.service import Service
from serving.wire.stored_exception import UnreadableRowError

EXCEPTION_PREFIX, INCIDENT_PREFIX = "exc_", "inc_"


async def check_teams(scope: Scope, path: str, caller: Caller) -> None:
    """Check that a call of a caller who is bound to teams stays within them.

    Raises:
        NotAllowedError: The route is about all teams; or the call acts on an incident of which
            another team has members.
        NotFoundError: What it names belongs to another team.
    """
    if caller.teams is None:
        return
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    if f"{method} {path}" not in TEAM_ROUTES:
        teams = ", ".join(sorted(caller.teams))
        raise NotAllowedError(f"This is about all teams. '{caller.name}' is bound to: {teams}.")
    service: Service = scope["app"].state.service
    for value in scope.get("path_params", {}).values():
        if value.startswith(EXCEPTION_PREFIX):
            await _check_exception(value, service, caller.teams)
        elif value.startswith(INCIDENT_PREFIX):
            _check_incident(value, service.worklist.open, caller.teams, acts=method != "GET")


async def _check_exception(exception_id: str, service: Service, teams: frozenset[str]) -> None:
    row = service.worklist.open.get(exception_id)
    if row is not None:
        is_visible = of_teams(row.team, teams)
    else:
        is_visible = await asyncio.to_thread(_is_stored_for, exception_id, service.ledger, teams)
    if not is_visible:
        raise NotFoundError("exception", exception_id)


def _is_stored_for(exception_id: str, ledger: Ledger, teams: frozenset[str]) -> bool:
    """Return whether one of the teams should have had an exception, or had it in the end."""
    record, outcome = ledger.record(exception_id), ledger.outcome(exception_id)
    if outcome is not None and outcome.team in teams:
        return True
    try:
        return of_teams(stored_assessment(record.id, record.opinion).team, teams)
    except UnreadableRowError:
        return False


def _check_incident(
    incident_id: str, rows: OpenExceptions, teams: frozenset[str], *, acts: bool
) -> None:
    members = [of_teams(team, teams) for team in rows.member_teams(incident_id)]
    if not any(members):
        raise NotFoundError("incident", incident_id)
    if acts and not all(members):
        detail = "Other teams have exceptions of this incident: a lead acts on it as a whole."
        raise NotAllowedError(detail)
