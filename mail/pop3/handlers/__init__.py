"""What each command does: a function each, found by the verb of its row."""

from collections.abc import Mapping
from typing import Final

from mail.pop3.handlers import basic, login, messages
from mail.pop3.session import Handler

HANDLERS: Final[Mapping[str, Handler]] = {
    "CAPA": basic.capa,
    "LANG": basic.lang,
    "UTF8": basic.utf8,
    "NOOP": basic.noop,
    "QUIT": basic.quit_session,
    "STLS": login.start_tls,
    "USER": login.user,
    "PASS": login.password,
    "AUTH": login.authenticate,
    "AUTH answer": login.take_answer,
    "STAT": messages.stat,
    "LIST": messages.list_sizes,
    "UIDL": messages.list_unique_ids,
    "RETR": messages.retrieve,
    "RETR run": messages.retrieve_run,
    "TOP": messages.top,
    "TOP run": messages.top_run,
    "DELE": messages.delete,
    "RSET": messages.reset,
}
