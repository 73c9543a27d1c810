"""Cookies of a browser: of the session, and of the browser itself, by which it is told again."""

from fastapi import Request, Response
from starlette.responses import RedirectResponse

from serving.access.access import Access
from serving.http.openapi import SESSION_COOKIE

DEVICE_COOKIE = "expedite_device"
DEVICE_DAYS = 365


def signed_in_answer(
    request: Request, access: Access, token: str, target: str, *, device: str | None = None
) -> Response:
    """Return the answer that signs a browser in and leads it on; no script reads its cookies."""
    answer = RedirectResponse(target, 303)
    seconds = int(access.session_hours * 3_600)
    set_cookie(request, answer, SESSION_COOKIE, token, seconds=seconds)
    if device is not None:
        set_cookie(request, answer, DEVICE_COOKIE, device, seconds=DEVICE_DAYS * 24 * 3_600)
    return answer


def set_cookie(request: Request, answer: Response, name: str, value: str, *, seconds: int) -> None:
    """Set a cookie that no script reads and no other site's form sends."""
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
