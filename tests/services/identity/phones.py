"""An authenticator as people carry one."""

import pyotp

STEP_SECONDS = 30
NETWORK = "192.0.2.1"


class Phone:
    """An authenticator, and the moment that it is there."""

    def __init__(self, moment: int) -> None:
        self.moment = moment
        self.secret = ""

    def code(self, steps: int = 0) -> str:
        """Return the code that it shows, or showed or will show some steps away."""
        totp = pyotp.TOTP(self.secret)
        return totp.at(self.moment + steps * STEP_SECONDS)

    def wait(self, steps: int = 1) -> None:
        """Let time pass, here and at the server."""
        self.moment += steps * STEP_SECONDS
