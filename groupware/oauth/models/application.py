"""A program that may ask people for tokens."""

from typing import ClassVar

from django.db import models
from oauth2_provider.models import AbstractApplication


class Application(AbstractApplication):
    """A program that an administrator registered.

    `scopes` are those that it may ask for, with spaces between. `client_secret` holds the SHA-256
    of 256 random bits, "" of a public client.
    """

    scopes = models.TextField()
    # The toolkit's own would be found from the account under a name that nobody asks for.
    user = models.ForeignKey(
        "core.Account", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )

    class Meta(AbstractApplication.Meta):
        ordering: ClassVar = ["name", "id"]

    def get_allowed_schemes(self) -> list[str]:
        """Return the schemes of addresses that answers may go to: those that are registered."""
        return [uri.partition(":")[0] for uri in self.redirect_uris.split()]
