"""What a service refuses with a reply of its own (RFC 5321 §4.2, RFC 3463)."""

from groupware.core.errors import GroupwareError


class Refused(GroupwareError):
    """An outcome that says how SMTP tells it: `code` 550 and `status` "5.7.26", for instance."""

    def __init__(self, message: str, *, code: int, status: str, detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.code = code
        self.status = status
