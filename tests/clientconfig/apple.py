"""The keys that Apple's device management reference publishes for what a profile of ours holds."""

from collections.abc import Mapping
from typing import Any, Final

COMMON: Final[Mapping[str, type]] = {
    "PayloadType": str,
    "PayloadVersion": int,
    "PayloadIdentifier": str,
    "PayloadUUID": str,
    "PayloadDisplayName": str,
    "PayloadDescription": str,
    "PayloadOrganization": str,
}
TOP_LEVEL: Final[Mapping[str, type]] = {
    **COMMON,
    "PayloadContent": list,
    "PayloadRemovalDisallowed": bool,
    "PayloadExpirationDate": object,
    "ConsentText": dict,
}
_SERVER: Final[Mapping[str, type]] = {
    "MailServerAuthentication": str,
    "MailServerHostName": str,
    "MailServerPortNumber": int,
    "MailServerUseSSL": bool,
    "MailServerUsername": str,
    "Password": str,
}
_DAV: Final[Mapping[str, type]] = {
    "AccountDescription": str,
    "HostName": str,
    "Username": str,
    "Password": str,
    "PrincipalURL": str,
    "UseSSL": bool,
    "Port": int,
}
PAYLOADS: Final[Mapping[str, Mapping[str, type]]] = {
    "com.apple.mail.managed": {
        **COMMON,
        "EmailAccountDescription": str,
        "EmailAccountName": str,
        "EmailAccountType": str,
        "EmailAddress": str,
        "OutgoingPasswordSameAsIncomingPassword": bool,
        **{f"Incoming{name}": kind for name, kind in _SERVER.items()},
        **{f"Outgoing{name}": kind for name, kind in _SERVER.items()},
    },
    "com.apple.caldav.account": {**COMMON, **{f"CalDAV{k}": v for k, v in _DAV.items()}},
    "com.apple.carddav.account": {**COMMON, **{f"CardDAV{k}": v for k, v in _DAV.items()}},
}
REQUIRED: Final[Mapping[str, frozenset[str]]] = {
    "com.apple.mail.managed": frozenset(
        {
            "EmailAccountType",
            "IncomingMailServerAuthentication",
            "IncomingMailServerHostName",
            "OutgoingMailServerAuthentication",
            "OutgoingMailServerHostName",
        }
    ),
    "com.apple.caldav.account": frozenset({"CalDAVHostName"}),
    "com.apple.carddav.account": frozenset({"CardDAVHostName"}),
}
ALWAYS: Final = frozenset({"PayloadType", "PayloadVersion", "PayloadIdentifier", "PayloadUUID"})


def faults_of(profile: Mapping[str, Any]) -> list[str]:
    """Return what Apple's reference does not allow in a profile."""
    found = _faults("Configuration", profile, TOP_LEVEL, ALWAYS | {"PayloadContent"})
    for payload in profile["PayloadContent"]:
        kind = payload["PayloadType"]
        found += _faults(kind, payload, PAYLOADS[kind], ALWAYS | REQUIRED[kind])
    return found


def _faults(
    kind: str, held: Mapping[str, Any], known: Mapping[str, type], required: frozenset[str]
) -> list[str]:
    wrong = [
        f"{kind}: {name} is {value!r}"
        for name, value in held.items()
        if name not in known or not isinstance(value, known[name])
    ]
    return wrong + [f"{kind}: no {name}" for name in sorted(required - held.keys())]
