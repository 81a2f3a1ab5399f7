"""The file of an export, for who administers its account."""

from django.http import FileResponse, HttpRequest, HttpResponseBase

from groupware.core import audit
from groupware.core.administration import Administrator, leaving
from groupware.core.leaving import exports
from groupware.core.models import AccountExport
from groupware.panel.access import administer_as, administrator_of, is_fresh, to_sign_in


def account_export(request: HttpRequest, object_id: int) -> HttpResponseBase:
    """Send the file; the log says who loaded it."""
    leaving.get_export(administrator_of(request), object_id)
    if not is_fresh(request):
        return to_sign_in(request)
    export = administer_as(request, lambda by: _load(by, object_id))
    file = exports.path_of(export).open("rb")
    name = f"{export.login}-{export.asked_at:%Y-%m-%d}.zip"
    return FileResponse(file, as_attachment=True, filename=name)


def _load(by: Administrator, number: int) -> AccountExport:
    export = leaving.get_export(by, number)
    target = audit.Target("account", export.account_id, export.login, export.domain_id)
    audit.record("account.load-export", target)
    return export
