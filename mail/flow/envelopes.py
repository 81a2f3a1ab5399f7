"""What a transaction of SMTP says beside the message itself (RFC 5321 §3.3, RFC 3461). Pure."""

from dataclasses import dataclass

NEVER = "NEVER"
SUCCESS = "SUCCESS"
FAILURE = "FAILURE"
DELAY = "DELAY"
NOTIFY_WORDS = (NEVER, SUCCESS, FAILURE, DELAY)


@dataclass(frozen=True, slots=True)
class EnvelopeRecipient:
    """One RCPT.

    `address` is as it was written, `notify` some of `NOTIFY_WORDS` joined by commas or "" where
    nothing was asked for (RFC 3461 §4.1), `orcpt` the original recipient as `type;address` in xtext
    (§4.2) or "".
    """

    address: str
    notify: str = ""
    orcpt: str = ""

    def wants(self, word: str) -> bool:
        """Tell whether the sender is to be notified of SUCCESS, FAILURE or DELAY.

        Without a NOTIFY of failures and, after a while, of delays (RFC 3461 §4.1).
        """
        return word in self.notify.split(",") if self.notify else word != SUCCESS


@dataclass(frozen=True, slots=True)
class Envelope:
    """MAIL and its RCPTs; `mail_from` is "" for the null sender.

    `ret` is FULL, HDRS or "", `envid` xtext or "" (RFC 3461 §4.3, §4.4); `is_8bit` what BODY said
    (RFC 6152), `is_utf8` that SMTPUTF8 was asked for (RFC 6531 §3.4).
    """

    mail_from: str
    recipients: tuple[EnvelopeRecipient, ...]
    ret: str = ""
    envid: str = ""
    is_8bit: bool = False
    is_utf8: bool = False
