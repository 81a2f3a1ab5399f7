"""App configuration of the OAuth server."""

from django.apps import AppConfig


class OAuthConfig(AppConfig):
    """The OAuth server."""

    name = "groupware.oauth"
    label = "oauth"
    verbose_name = "OAuth"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let tokens open sessions."""
        from groupware.core import auth
        from groupware.oauth import queries

        auth.register_token_verifier(queries.find_grant, queries.is_live)
