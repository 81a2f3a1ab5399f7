"""Plays a transcript: sends what it says, and compares what comes back."""

import shlex
from collections.abc import Awaitable, Callable

from tests.transcripts.drivers import Client
from tests.transcripts.script import Names, Script, Step, take_response

PASSWORD = "a good password"
Connect = Callable[[bool], Awaitable[Client]]
"""Opens a connection, secure or not."""
Deliver = Callable[[str, str, bytes, list[str]], Awaitable[None]]
"""Puts a message into (account, mailbox) with flags."""


class Runner:
    """One performance of one transcript."""

    def __init__(self, script: Script, connect: Connect, deliver: Deliver) -> None:
        self._script = script
        self._connect = connect
        self._put = deliver
        self._names = Names(script.messages)
        self._clients: dict[str, Client] = {}
        self._kept: dict[str, bytes] = {}
        self._directives: dict[str, Callable[[Step], Awaitable[None]]] = {
            "@open": self._open,
            "@plain": self._plain,
            "@login": self._login,
            "@deliver": self._deliver,
            "@manage": self._manage,
            "@index": self._index,
            "@submit": self._submit,
            "@tls": self._tls,
            "@deflate": self._deflate,
            "@gone": self._gone,
            "@rising": self._rising,
        }

    async def run(self) -> None:
        """Play from the first line to the last."""
        steps = self._script.steps
        try:
            for place, step in enumerate(steps):
                following = next(
                    (
                        other
                        for other in steps[place + 1 :]
                        if other.session == step.session and other.kind == "S"
                    ),
                    None,
                )
                await self._play(step, following)
            for session in self._clients:
                self._check_nothing_left(session, "the end")
        finally:
            for client in self._clients.values():
                await client.close()

    async def _play(self, step: Step, following: Step | None) -> None:
        if step.kind in ("C", "C+"):
            await self._send(step)
        elif step.kind != "S":
            await self._directives[step.kind](step)
        elif step.text != "...":
            await self._expect(step)
        else:
            assert following is not None, f"line {step.number}: nothing follows"
            await self._skip_to(step, following)

    async def _send(self, step: Step) -> None:
        data = self._kept.pop(step.session, b"") + self._names.fill(step.text) + b"\r\n"
        if step.kind == "C+":
            self._kept[step.session] = data
            return
        self._check_nothing_left(step.session, f"line {step.number}")
        await self._clients[step.session].send(data)

    async def _expect(self, step: Step) -> None:
        told = await self._take(step)
        assert self._match(step, told), f"line {step.number}: {step.text!r}, but came {told!r}"

    async def _skip_to(self, step: Step, following: Step) -> None:
        passed: list[bytes] = []
        while True:
            told = await self._take(following, passed)
            if self._match(following, told):
                client = self._clients[step.session]
                client.buffer[:0] = told + b"\r\n"
                return
            passed.append(told)

    def _match(self, step: Step, told: bytes) -> bool:
        return self._names.match(step.text, told)

    async def _take(self, step: Step, passed: list[bytes] | None = None) -> bytes:
        client = self._clients[step.session]
        while (told := take_response(client.buffer)) is None:
            assert await client.receive(), (
                f"line {step.number}: {step.text!r} never came; there is "
                f"{bytes(client.buffer)!r} after {passed}"
            )
        return told

    def _check_nothing_left(self, session: str, where: str) -> None:
        left = bytes(self._clients[session].buffer)
        assert not left, f"before {where}: nobody expected {left!r}"

    # Directives.

    async def _open(self, step: Step) -> None:
        await self._connect_client(step.session, secure=True)

    async def _plain(self, step: Step) -> None:
        await self._connect_client(step.session, secure=False)

    async def _connect_client(self, session: str, *, secure: bool) -> None:
        self._clients[session] = await self._connect(secure)
        greeting = await self._take(Step(0, "S", session, "a greeting"))
        assert greeting.startswith(b"* OK [CAPABILITY IMAP4rev1 "), greeting

    async def _login(self, step: Step) -> None:
        session, name = step.text.split()
        await self._connect_client(session, secure=True)
        await self._clients[session].send(
            f'login LOGIN {name}@team.example "{PASSWORD}"\r\n'.encode()
        )
        told = await self._take(Step(step.number, "S", session, "the login's reply"))
        assert told.startswith(b"login OK "), told

    async def _deliver(self, step: Step) -> None:
        account, mailbox, message, *flags = step.text.split()
        await self._put(account, mailbox, self._script.messages[message], flags)

    async def _manage(self, step: Step) -> None:
        from groupware.core import aio
        from tests.commands.running import call

        await aio.call(call, *shlex.split(step.text))

    async def _index(self, _step: Step) -> None:
        from groupware.core import aio
        from tests.services.mail.search.asking import index_everything

        await aio.call(index_everything)

    async def _submit(self, step: Step) -> None:
        from groupware.core import aio
        from tests.services.submitting import submit_as

        name, message = step.text.split()
        await aio.call(submit_as, f"{name}@team.example", self._script.messages[message])

    async def _tls(self, step: Step) -> None:
        await self._clients[step.session].start_tls()

    async def _deflate(self, step: Step) -> None:
        self._clients[step.session].start_compression()

    async def _gone(self, step: Step) -> None:
        client = self._clients[step.session]
        assert not await client.receive(), f"line {step.number}: {bytes(client.buffer)!r} came"
        self._check_nothing_left(step.session, f"line {step.number}")

    async def _rising(self, step: Step) -> None:
        values = [int(self._names.captured[name]) for name in step.text.split()]
        assert values == sorted(set(values)), f"line {step.number}: {values}"
