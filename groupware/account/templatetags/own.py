"""What the frame of the own pages asks for."""

from typing import Any

from django import template

from groupware.core.administration import Administrator
from groupware.core.errors import NotAllowed

register = template.Library()


@register.simple_tag
def has_role(user: Any) -> bool:
    """Return whether somebody administers anything, and so has a way to the panel."""
    try:
        Administrator(user.pk or 0)
    except NotAllowed:
        return False
    return True
