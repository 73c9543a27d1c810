"""Scope that each route needs: the one table of who may call what.

A route that is not in it needs `admin`, so that a new one is closed until somebody opens it.
"""

from serving.caller import AccessScope

READ, SCORE, OPERATE, TRAIN, ADMIN = (
    AccessScope.READ,
    AccessScope.SCORE,
    AccessScope.OPERATE,
    AccessScope.TRAIN,
    AccessScope.ADMIN,
)

PUBLIC_ROUTES = frozenset(
    {
        "GET /livez",
        "GET /readyz",
        "GET /static/{tag}/{name}",
        "GET /login",
        "POST /login",
        "GET /login/openid",
        "GET /login/openid/callback",
        "GET /login/link/{token}",
        "POST /login/link/{token}",
    }
)
"""Routes for anybody."""

ROUTE_SCOPES: dict[str, AccessScope] = {
    "GET /openapi.json": READ,
    "GET /metrics": READ,
    "GET /v1/health": READ,
    # ---- the API: exceptions and the work list
    "POST /v1/score": SCORE,
    "POST /v1/exceptions": SCORE,
    "GET /v1/exceptions/{exception_id}": READ,
    "GET /v1/exceptions/{exception_id}/versus/{other_id}": READ,
    "POST /v1/exceptions/{exception_id}/resolve": OPERATE,
    "POST /v1/exceptions/{exception_id}/reopen": OPERATE,
    "POST /v1/exceptions/{exception_id}/claim": OPERATE,
    "POST /v1/exceptions/{exception_id}/release": OPERATE,
    "GET /v1/worklist": READ,
    "POST /v1/worklist/next": OPERATE,
    "GET /v1/incidents": READ,
    "GET /v1/incidents/{incident_id}": READ,
    "POST /v1/incidents/{incident_id}/resolve": OPERATE,
    "POST /v1/incidents/{incident_id}/split": OPERATE,
    "POST /v1/incidents/{incident_id}/claim": OPERATE,
    "POST /v1/incidents/{incident_id}/release": OPERATE,
    # ---- the API: promises. Everybody at work may stop one; to begin again is a decision
    "GET /v1/promises": READ,
    "POST /v1/promises/suspend": OPERATE,
    "POST /v1/promises/lift": TRAIN,
    # ---- the API: demand and stock. Nothing is stored
    "GET /v1/forecasts": READ,
    "POST /v1/forecasts/query": READ,
    "POST /v1/allocations": READ,
    "POST /v1/replenishments": READ,
    # ---- the API: jobs
    "GET /v1/jobs": READ,
    "POST /v1/jobs": TRAIN,
    "GET /v1/jobs/{job_id}": READ,
    "POST /v1/jobs/{job_id}/cancel": TRAIN,
    # ---- pages
    "GET /": READ,
    "GET /exceptions/{exception_id}": READ,
    "GET /exceptions/{exception_id}/strongest": READ,
    "GET /exceptions/{exception_id}/versus": READ,
    "POST /next": OPERATE,
    "POST /exceptions/{exception_id}/resolve": OPERATE,
    "POST /exceptions/{exception_id}/reopen": OPERATE,
    "POST /exceptions/{subject_id}/claim": OPERATE,
    "POST /exceptions/{subject_id}/release": OPERATE,
    "GET /incidents/{incident_id}": READ,
    "GET /incidents/{incident_id}/members": READ,
    "POST /incidents/{incident_id}/resolve": OPERATE,
    "POST /incidents/{incident_id}/split": OPERATE,
    "POST /incidents/{subject_id}/claim": OPERATE,
    "POST /incidents/{subject_id}/release": OPERATE,
    "GET /promises": READ,
    "POST /promises/suspend": OPERATE,
    "POST /promises/lift": TRAIN,
    "GET /demand": READ,
    "GET /demand/one": READ,
    "GET /stock": READ,
    "GET /stock/one": READ,
    "GET /stock/share": READ,
    "GET /jobs": READ,
    "GET /jobs/list": READ,
    "POST /jobs": TRAIN,
    "POST /jobs/{job_id}/cancel": TRAIN,
    # ---- access itself
    "GET /account": READ,
    "POST /account/password": READ,
    "POST /logout": READ,
    "GET /access": ADMIN,
    "POST /access/accounts": ADMIN,
    "POST /access/accounts/{name}/link": ADMIN,
    "POST /access/accounts/{name}/change": ADMIN,
    "POST /access/keys": ADMIN,
    "POST /access/keys/{key_id}/rotate": ADMIN,
    "POST /access/keys/{key_id}/revoke": ADMIN,
    "POST /access/erasures": ADMIN,
    "POST /v1/erasures": ADMIN,
    "GET /actions": ADMIN,
    "GET /v1/actions": ADMIN,
}

TEAM_ROUTES = frozenset(
    {
        "GET /openapi.json",
        "POST /v1/score",
        "GET /v1/exceptions/{exception_id}",
        "GET /v1/exceptions/{exception_id}/versus/{other_id}",
        "POST /v1/exceptions/{exception_id}/resolve",
        "POST /v1/exceptions/{exception_id}/reopen",
        "POST /v1/exceptions/{exception_id}/claim",
        "POST /v1/exceptions/{exception_id}/release",
        "GET /v1/worklist",
        "POST /v1/worklist/next",
        "GET /v1/incidents",
        "GET /v1/incidents/{incident_id}",
        "POST /v1/incidents/{incident_id}/resolve",
        "POST /v1/incidents/{incident_id}/split",
        "POST /v1/incidents/{incident_id}/claim",
        "POST /v1/incidents/{incident_id}/release",
        "GET /v1/promises",
        "POST /v1/promises/suspend",
        "GET /v1/forecasts",
        "POST /v1/forecasts/query",
        "POST /v1/allocations",
        "POST /v1/replenishments",
        "GET /",
        "GET /exceptions/{exception_id}",
        "GET /exceptions/{exception_id}/strongest",
        "GET /exceptions/{exception_id}/versus",
        "POST /next",
        "POST /exceptions/{exception_id}/resolve",
        "POST /exceptions/{exception_id}/reopen",
        "POST /exceptions/{subject_id}/claim",
        "POST /exceptions/{subject_id}/release",
        "GET /incidents/{incident_id}",
        "GET /incidents/{incident_id}/members",
        "POST /incidents/{incident_id}/resolve",
        "POST /incidents/{incident_id}/split",
        "POST /incidents/{subject_id}/claim",
        "POST /incidents/{subject_id}/release",
        "GET /promises",
        "POST /promises/suspend",
        "GET /demand",
        "GET /demand/one",
        "GET /stock",
        "GET /stock/one",
        "GET /stock/share",
        "GET /account",
        "POST /account/password",
        "POST /logout",
    }
)
"""Routes for callers who are bound to teams: they hold no exceptions, or those of the teams alone.

A route that is not in it is refused to them, so that a new one is closed until somebody narrows it.
"""


def scope_of(method: str, path: str) -> AccessScope | None:
    """Return the scope that a route needs; None for a public one."""
    route = f"{'GET' if method == 'HEAD' else method} {path}"
    return None if route in PUBLIC_ROUTES else ROUTE_SCOPES.get(route, AccessScope.ADMIN)
