"""The URLs below /account/ that are not about signing in."""

from django.urls import URLPattern, path

from groupware.account.views import (
    devices,
    elsewhere,
    export,
    home,
    identities,
    profile,
    setup,
    shares,
)

urlpatterns: list[URLPattern] = [
    path("", home.home, name="account-home"),
    path("space/", home.space, name="account-space"),
    path("profile/", profile.profile, name="account-profile"),
    path("profile/photo/", profile.photo, name="account-photo"),
    path("devices/", devices.devices, name="account-devices"),
    path("devices/revoke/", devices.revoke, name="account-revoke-application"),
    path("devices/end-session/", devices.end_session, name="account-end-session"),
    path("devices/new/", setup.setup, name="account-new-device"),
    path("devices/new/profile/", setup.download_profile, name="account-apple-profile"),
    path("identities/", identities.identities, name="account-identities"),
    path("identities/<int:identity_id>/", identities.identity, name="account-identity"),
    path("elsewhere/", elsewhere.elsewhere, name="account-elsewhere"),
    path("shares/", shares.shares, name="account-shares"),
    path("export/", export.export, name="account-export"),
    path("export/file/", export.download, name="account-export-download"),
    path("export/remove/", export.remove, name="account-export-remove"),
    path("shares/end/", shares.end, name="account-end-share"),
]
