"""The programs: LMTP alone, reception and submission together."""

import asyncio
from functools import partial

from groupware.core import aio
from groupware.core.aio import Stopping
from groupware.core.budget import UploadBudget
from groupware.core.listeners import Listeners
from groupware.core.tls import server_tls
from mail.services import reception
from mail.smtp.fanning import FanOut
from mail.smtp.limits import lmtp_limits, reception_limits, submission_limits
from mail.smtp.lmtp import LmtpSession
from mail.smtp.reception import ReceptionSession
from mail.smtp.server import new_server
from mail.smtp.submission import SubmissionSession


async def serve_lmtp(stopping: Stopping, listeners: Listeners) -> None:
    """Serve the port lmtp until the process is asked to stop."""
    limits = lmtp_limits()
    fan_out = FanOut(reception.begin_fan_out)
    server = new_server(LmtpSession, limits, fan_out, UploadBudget(limits.uploading), None)
    await server.serve(stopping, listeners, None)
    await fan_out.stop()


async def serve_smtp(stopping: Stopping, listeners: Listeners) -> None:
    """Serve the ports smtp, submission and submissions until the process is asked to stop."""
    tls = server_tls()
    limits = reception_limits()
    budget = UploadBudget(limits.uploading)
    fan_out = FanOut(reception.begin_fan_out)
    others = new_server(ReceptionSession, limits, fan_out, budget, tls)
    people = new_server(SubmissionSession, submission_limits(), fan_out, budget, tls)
    async with asyncio.TaskGroup() as group:
        group.create_task(others.serve(stopping, listeners, None))
        group.create_task(people.serve(stopping, listeners, tls))
    await fan_out.stop()


def run_lmtp(listeners: Listeners) -> None:
    """Run LMTP in this process until SIGTERM or SIGINT (the supervisor's entry point)."""
    aio.run_server(partial(serve_lmtp, listeners=listeners))


def run_smtp(listeners: Listeners) -> None:
    """Run reception and submission in this process until SIGTERM or SIGINT."""
    aio.run_server(partial(serve_smtp, listeners=listeners))
