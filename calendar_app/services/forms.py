"""Writing events and tasks as forms (`calendar_app.ical.forms`): made, changed, and of a series one.

What comes out is read and expanded as any object that is put. Everything here happens before any
lock; what is returned goes to `objects.put_object`, with a check of the entity tag that it is for.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.forms.editing import Made, change_object, new_object
from calendar_app.ical.forms.instances import (
    NoInstance,
    change_instance,
    read_instance,
    remove_instance,
)
from calendar_app.ical.forms.reading import read_form
from calendar_app.ical.objects import CalendarObject, read_object
from calendar_app.services.objects import Prepared, object_limits, prepare_object
from groupware.core.clock import epoch
from groupware.core.errors import Invalid, NotFound, TooLarge

Fields = Mapping[str, Any]


def make_object(component: str, fields: Fields, organizer: str) -> Prepared:
    """Return a new event or task, ready to be put.

    `organizer` is the address of who invites, where others take part and the fields name nobody.
    Raises `BadField`, `Invalid`.
    """
    if fields.get("participants") and not fields.get("organizer"):
        fields = {**fields, "organizer": {"email": organizer, "name": ""}}
    made = Made(fields.get("uid") or str(uuid.uuid4()), epoch())
    return prepare(new_object(component, fields, made))


def edit_object(data: bytes, changes: Fields) -> Prepared:
    """Return an object with changes, ready to be put over it; raises `BadField`, `Invalid`."""
    return prepare(change_object(data, _read(data), changes, epoch()))


def edit_instance(data: bytes, recurrence_id: str, changes: Fields) -> Prepared:
    """Return an object of which one instance is changed.

    Raises `NotFound` where there is no such instance, `BadField`, `Invalid`.
    """
    try:
        return prepare(change_instance(data, _read(data), recurrence_id, changes, epoch()))
    except NoInstance as error:
        raise NotFound(str(error)) from None


def drop_instance(data: bytes, recurrence_id: str) -> Prepared:
    """Return an object without one of its instances; raises `NotFound`, `Invalid`."""
    try:
        return prepare(remove_instance(data, _read(data), recurrence_id, epoch()))
    except NoInstance as error:
        raise NotFound(str(error)) from None


def form_of(data: bytes) -> dict[str, Any]:
    """Return what is stored as a form; raises `Invalid` where it cannot be read any more."""
    return read_form(_read(data))


def form_of_instance(data: bytes, recurrence_id: str) -> dict[str, Any]:
    """Return one instance of a stored series as a form; raises `NotFound`, `Invalid`."""
    try:
        return read_instance(_read(data), recurrence_id)
    except NoInstance as error:
        raise NotFound(str(error)) from None


def _read(data: bytes) -> CalendarObject:
    try:
        return read_object(data, object_limits())
    except InvalidObject as error:
        raise Invalid(error.text) from error


def prepare(data: bytes) -> Prepared:
    """Return an object that can be put; raises `Invalid`, `TooLarge`."""
    try:
        return prepare_object(data)
    except InvalidObject as error:
        if error.precondition == "max-resource-size":
            raise TooLarge(error.text) from error
        raise Invalid(error.text) from error
