"""The panel as it is: its pages, and its kinds of objects in the order of the sidebar."""

from django.utils.translation import gettext_lazy as _

from groupware.core.models import Account
from groupware.core.roles import Permission
from groupware.panel.admin.accounts import AccountAdmin
from groupware.panel.navigation import OVERVIEW, Page
from groupware.panel.site import PanelSite
from groupware.panel.views.overview import overview

PAGES = (Page("index", "", overview, Permission.LOOK, _("Overview"), "home", OVERVIEW),)
site = PanelSite(PAGES)
site.register(Account, AccountAdmin)
