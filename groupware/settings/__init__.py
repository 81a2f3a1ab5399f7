"""Django's settings, from the environment contract in `groupware.environment`.

A setting that begins with `GROUPWARE_` is the parsed variable of that name. What an installation
may change is a variable; the rest is fixed here.
"""

import os
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

from django.utils.functional import SimpleLazyObject

from groupware.core import keys
from groupware.environment import read_environment, url_host
from groupware.rest import paths
from groupware.settings import oauth
from groupware.settings.databases import database_settings
from groupware.settings.identity import *  # noqa: F403 - settings

ENVIRONMENT = read_environment(os.environ)

GROUPWARE_DATA = ENVIRONMENT.data
GROUPWARE_HOST = ENVIRONMENT.host
GROUPWARE_DOMAIN = ENVIRONMENT.domain
GROUPWARE_PUBLIC_URL = ENVIRONMENT.public_url
GROUPWARE_TLS_CERT = ENVIRONMENT.tls_cert
GROUPWARE_TLS_KEY = ENVIRONMENT.tls_key
GROUPWARE_TRUSTED_PROXIES = ENVIRONMENT.trusted_proxies
GROUPWARE_TRUSTED_NETWORKS = ENVIRONMENT.trusted_networks
GROUPWARE_SOURCE_NETWORKS = ENVIRONMENT.source_networks
GROUPWARE_RSPAMD_URL = ENVIRONMENT.rspamd_url
GROUPWARE_TRUSTED_SEALERS = ENVIRONMENT.trusted_sealers
GROUPWARE_DNS_SERVERS = ENVIRONMENT.dns_servers
GROUPWARE_SMARTHOST_URL = ENVIRONMENT.smarthost_url
GROUPWARE_MX_PORT = ENVIRONMENT.mx_port
GROUPWARE_PORTS = ENVIRONMENT.ports
GROUPWARE_PROCESSES = ENVIRONMENT.processes
GROUPWARE_BLOB_URL = ENVIRONMENT.blob_url
GROUPWARE_BROKER_URL = ENVIRONMENT.broker_url
GROUPWARE_NOTIFY_URL = ENVIRONMENT.notify_url
GROUPWARE_LOG_LEVEL = ENVIRONMENT.log_level
GROUPWARE_LOG_FORMAT = ENVIRONMENT.log_format
GROUPWARE_DEMO = ENVIRONMENT.demo
GROUPWARE_ALLOW_PLAINTEXT = ENVIRONMENT.allow_plaintext
GROUPWARE_TRACE_SUBMITTER = ENVIRONMENT.trace_submitter
GROUPWARE_DMARC = ENVIRONMENT.dmarc
GROUPWARE_SPAM = ENVIRONMENT.spam
GROUPWARE_POP3_DELE = ENVIRONMENT.pop3_dele
GROUPWARE_POP3_SEEN = ENVIRONMENT.pop3_seen
GROUPWARE_LDAP = ENVIRONMENT.ldap
GROUPWARE_OIDC = ENVIRONMENT.oidc
GROUPWARE_LIMITS = ENVIRONMENT.limits
GROUPWARE_GIVEN = ENVIRONMENT.given

# Read at first use, so that tools that only look at the settings leave no files behind.
SECRET_KEY = cast("str", SimpleLazyObject(partial(keys.load_secret, GROUPWARE_DATA, "secret_key")))

DEBUG = False
# Names under which a browser may know this server; others are what DNS rebinding comes under.
ALLOWED_HOSTS = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    f".{GROUPWARE_DOMAIN}",
    url_host(GROUPWARE_HOST),
    url_host(urlsplit(GROUPWARE_PUBLIC_URL).hostname or ""),
]

INSTALLED_APPS = [
    "groupware",
    "groupware.core",
    "mail",
    "calendar_app",
    "contacts",
    "groupware.dav",
    "groupware.rest",
    "groupware.oauth",
    "oauth2_provider",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "groupware.identity",
    "groupware.account",
    "groupware.panel",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "groupware.web.middleware.observe_requests",
    "groupware.web.middleware.secure_content",
    "groupware.web.domainfiles.serve_domain_files",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

ROOT_URLCONF = "groupware.urls"
WSGI_APPLICATION = "groupware.wsgi.application"

DATABASES = {"default": database_settings(ENVIRONMENT.database_url, GROUPWARE_DATA)}
# Theirs, and one squashed migration of ours for each: docs/adr/0062.
MIGRATION_MODULES = {
    label: f"groupware.packages.{label}.migrations"
    for label in ("account", "oauth2_provider", "socialaccount")
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "core.Account"
PASSWORD_HASHERS = ["groupware.core.hashers.PasswordHasher"]

# The language follows the browser, or the cookie of who chose one. Each app brings its texts.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("it", "Italiano")]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 400 * 86_400
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = GROUPWARE_DATA / "static"

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
# Where browsers say that a form of ours comes from, behind a proxy that ends TLS before us.
CSRF_FAILURE_VIEW = "groupware.web.problems.forged"
CSRF_TRUSTED_ORIGINS = ["{0.scheme}://{0.netloc}".format(urlsplit(GROUPWARE_PUBLIC_URL))]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = GROUPWARE_PUBLIC_URL.startswith("https://")
LANGUAGE_COOKIE_SECURE = SESSION_COOKIE_SECURE

# The front of the web role has bounded the body before; each parser has its own bound.
DATA_UPLOAD_MAX_MEMORY_SIZE = GROUPWARE_LIMITS["WEB_MAX_BODY"]

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "groupware.rest.schema.ApiSchema",
    "EXCEPTION_HANDLER": "groupware.rest.errors.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Groupware",
    "DESCRIPTION": "Mail, calendars, tasks and contacts. How to begin: docs/api.md.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PATH_CONVERTER_OVERRIDES": paths.SCHEMAS,
    "POSTPROCESSING_HOOKS": ["groupware.rest.schema.finish"],
    # What is read and what is written are two schemas: neither asks for what the other lacks.
    "OAS_VERSION": "3.1.1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}

OAUTH2_PROVIDER_APPLICATION_MODEL = oauth.APPLICATION_MODEL
OAUTH2_PROVIDER = oauth.PROVIDER

# Structured logging is set up by groupware.core.logging where a process starts.
LOGGING_CONFIG = None
