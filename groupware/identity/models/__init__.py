"""What identity keeps: second factors, recovery codes, web sessions, identities elsewhere."""

from groupware.identity.models.factors import RecoveryCode, SecondFactor
from groupware.identity.models.sessions import OutsideIdentity, WebSession

__all__ = ["OutsideIdentity", "RecoveryCode", "SecondFactor", "WebSession"]
