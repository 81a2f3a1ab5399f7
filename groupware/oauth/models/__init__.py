"""What the OAuth server keeps beside the toolkit's own tables of codes and tokens."""

from groupware.oauth.models.application import Application
from groupware.oauth.models.codes import UsedCode

__all__ = ["Application", "UsedCode"]
