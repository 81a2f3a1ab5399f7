"""Why mail waits, stops or comes back, as the server wrote it down: in the language of who reads.

The queue and the trace keep texts, English as every log; what this server found out itself is known
again by its template, and what other servers said stays as they said it.
"""

import re
from functools import cache
from typing import Final

from django.utils.translation import gettext_noop as _

from groupware.core.languages import localized
from groupware.core.sentences import Sentence

TEMPLATES: Final = (
    _("It answered DATA with {code}."),
    _("It gave no answer."),
    _("It took too long {where}"),
    _("It took too long"),
    _("It was taken out of the queue by an administrator."),
    _("Its server does not take addresses and headers in UTF-8."),
    _("Its server takes no message larger than {offered} octets."),
    _("No room to tell its sender."),
    _("No server of {destination} could be reached."),
    _("No server of {destination} is one of its MTA-STS policy."),
    _("Nobody here sends as {address} any more."),
    _("None of the servers of {destination} has an address."),
    _("The DNS does not answer; try again later."),
    _("The address is not one of SMTP."),
    _("The address leads to nobody."),
    _("The domain of the sender is not one."),
    _("The list has no members."),
    _("The mailbox is full: delete something or ask for a larger quota."),
    _("The message has been at this address already: it goes in circles."),
    _("The message has been through this list."),
    _("The message is larger than {limit} octets."),
    _("The message is not taken yet: try again later."),
    _("The message is taken for junk, which is not forwarded."),
    _("The message is taken for spam."),
    _("The recipient has no mailbox."),
    _("The recipient's mailbox has no room for the message."),
    _("The recipient's mailbox is full."),
    _("The relay {host} has no address."),
    _("The server failed; it is tried again."),
    _("The server is busy; try again in a moment."),
    _("The stored message cannot be read ({kind})."),
    _("There is no domain {destination} that takes mail."),
    _("There is no such recipient here."),
    _("This server is being stopped."),
    _("This server takes mail for its own domains only."),
    _("{destination} is no address."),
    _("{destination} is this server."),
    _("{destination} leads to this server, which has no such domain."),
    _("{destination} takes no mail (null MX)."),
    _("{host} is no public host (GROUPWARE_SOURCE_NETWORKS)."),
    _("{host} may not be spoken to without TLS (GROUPWARE_SOURCE_NETWORKS)."),
    _("{host} offers no AUTH."),
    _("by {login}"),
    _("delivered on this server, in another domain"),
    _("junk is not forwarded: {addresses}"),
    _("to {addresses}"),
    _("{here} here, {elsewhere} elsewhere"),
)
_CODE: Final = r"(?P<code_>(?:[245]\d\d |[245]\.\d{1,3}\.\d{1,3} )*)"
_PLACE: Final = re.compile(r"\\\{(\w+)\\\}")


def reason_word(text: str) -> str:
    """Return a reason in the language that is active; codes stay, as they are looked for."""
    for template, pattern in _patterns():
        if found := pattern.fullmatch(text):
            places = found.groupdict()
            code = places.pop("code_")
            return code + localized(Sentence(template, **places))
    return text


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [
        (template, re.compile(_CODE + _PLACE.sub(r"(?P<\1>\\S.*)", re.escape(template)), re.DOTALL))
        for template in TEMPLATES
    ]
