"""Every program that `serve` runs: a role is a row, or two where two ports want a process each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Program:
    """One kind of child process.

    `entry` is `module:function`, called with `Listeners`; it returns when SIGTERM or SIGINT came
    and what was in flight is finished. `processes` is how many share the ports: None stands for
    GROUPWARE_PROCESSES. A program whose ports are all turned off is not started.
    """

    name: str
    role: str
    ports: tuple[str, ...]
    entry: str
    processes: int | None = None


PROGRAMS = (
    Program("web", "web", ("HTTP",), "groupware.serve.web:run", processes=1),
    Program("web-tls", "web", ("HTTPS",), "groupware.serve.web:run", processes=1),
    Program("events", "events", ("EVENTS",), "groupware.serve.web:run_events", processes=1),
    Program("imap", "imap", ("IMAP", "IMAPS"), "mail.imap.server:run"),
    Program("pop3", "pop3", ("POP3", "POP3S"), "mail.pop3.server:run"),
    Program("smtp", "smtp", ("SMTP", "SUBMISSION", "SUBMISSIONS"), "mail.smtp.serving:run_smtp"),
    Program("lmtp", "lmtp", ("LMTP",), "mail.smtp.serving:run_lmtp"),
    Program("worker", "worker", (), "groupware.serve.worker:run", processes=1),
    Program("beat", "beat", (), "groupware.serve.worker:run_beat", processes=1),
)

ROLES = tuple(dict.fromkeys(program.role for program in PROGRAMS))


def programs_of(roles: list[str]) -> tuple[Program, ...]:
    """Return the programs of `roles`, of all roles where none is named."""
    return tuple(program for program in PROGRAMS if not roles or program.role in roles)


def find_program(name: str) -> Program:
    """Return the program `name`; raises KeyError."""
    return {program.name: program for program in PROGRAMS}[name]
