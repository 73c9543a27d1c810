"""Start and cancel of a job by a caller: checked, done, and written into the log of actions."""

import asyncio

from fastapi import Request
from sqlalchemy import Connection

from data.ledger.action_log import record_action
from serving.caller import Caller
from serving.http.requests import caller_of
from serving.jobs.kinds import JOB_KINDS, command_of
from serving.jobs.payload import JobIn, spec_of
from serving.jobs.view import JobDetailsOut, details_out, queue_of
from serving.service import Service, service_of


async def start_job(
    request: Request, payload: JobIn, *, caller: Caller, key: str | None = None
) -> JobDetailsOut:
    """Put a job into the queue; return it.

    Args:
        request: The call.
        payload: The job.
        caller: Who starts it.
        key: A second start with the same key returns the first job.

    Raises:
        BadPayloadError, BadInputError: The kind can't be run so.
        ConflictError: A job of the kind waits or runs.
        KeyReusedError: The key came with another job.
    """
    service = service_of(request)
    now_ms = service.clock()
    spec = spec_of(payload, JOB_KINDS[payload.kind].parameters, now_ms)
    command_of(spec, service.settings, "")

    def started() -> JobDetailsOut:
        queue = queue_of(request)
        job_id = queue.start(spec, by=caller.name, now_ms=now_ms, key=key)
        return details_out(queue, queue.job(job_id))

    job = await asyncio.to_thread(started)
    await _logged(service, caller, "start_job", job["id"], kind=payload.kind)
    return job


async def cancel_job(request: Request, job_id: str) -> JobDetailsOut:
    """Cancel a job; return it.

    Raises:
        NotFoundError: There is none of this id.
        ConflictError: It has ended.
    """

    def cancelled() -> JobDetailsOut:
        queue = queue_of(request)
        return details_out(queue, queue.cancel(job_id))

    job = await asyncio.to_thread(cancelled)
    await _logged(service_of(request), caller_of(request), "cancel_job", job_id)
    return job


async def _logged(service: Service, caller: Caller, name: str, subject: str, **body: str) -> None:
    action = caller.action(name, subject, now_ms=service.clock(), **body)

    def transaction(connection: Connection) -> None:
        record_action(connection, action)

    await service.writer.run(transaction)
