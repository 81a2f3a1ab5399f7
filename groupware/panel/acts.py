"""What is done to an object by a button: data, so that one view, one table of URLs and one test do all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.forms import Form

from groupware.core.administration import Administrator
from groupware.core.roles import Permission
from groupware.panel.navigation import Text

Data = Mapping[str, Any]
"""What a form read."""


def _always(_by: Administrator, _found: Any) -> bool:
    return True


def _as_read(data: Data) -> Data:
    return data


@dataclass(frozen=True, slots=True)
class Act:
    """One act: a page that asks, and what calls the service.

    `run` calls a service; what it returns is shown by the template `shown`, once, where there is one.
    `asks` says what will happen. What `is_dangerous` wants a browser that proved a moment ago who it
    is. `prepare` is for what takes long: it is done before the transaction, and its result is what `run`
    is given in place of what the form read. After an act by which the object `is_gone` the browser is led to the list.
    """

    slug: str
    label: Text
    run: Callable[[Administrator, Any, Data], object]
    permission: Permission
    asks: Text
    done: Text
    form: type[Form] | None = None
    shown: str = ""
    is_dangerous: bool = False
    is_gone: bool = False
    is_offered: Callable[[Administrator, Any], bool] = _always
    prepare: Callable[[Data], Data] = _as_read
