"""What services answer a person with, where it is no more than a sentence: collected for translation.

Services speak English, to every protocol. A page looks their sentence up in the catalogue, so those
that people meet on a page stand here; one with names in it is shown as it came.
"""

from typing import Final

from django.utils.translation import gettext_noop as _

TEXTS: Final = (
    _("The code is wrong, was used before, or is too old: enter the one that is shown now."),
    _("The sign-in took too long, or the account changed meanwhile: begin again."),
    _("This account does not sign in."),
    _("The address or the password is wrong."),
    _("Too many failed logins from this network: wait a few minutes."),
    _("There is a second factor: take it away before you set up another."),
    _("No second factor is being set up: begin anew."),
    _("There is no second factor."),
    _("There is no such session any more."),
    _("There is no such session any more: it has ended already."),
    _("A photo is a picture in JPEG, PNG, GIF or WebP."),
    _("There is no such identity."),
    _("A name is one line of text."),
)
