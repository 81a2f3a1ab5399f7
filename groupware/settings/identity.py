"""Settings of signing in with a browser: sessions are rows of ours, allauth speaks OpenID Connect.

allauth brings the protocol alone. Who is signed in, and by what, is decided in `groupware.identity`:
its own models stay empty, and none of its pages has a URL.
"""

AUTHENTICATION_BACKENDS = ["groupware.identity.backends.WebBackend"]
SESSION_ENGINE = "groupware.identity.services.sessionstore"
SESSION_COOKIE_NAME = "session"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "account-home"

ACCOUNT_USER_MODEL_USERNAME_FIELD = "login"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_ONLY = True
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_ADAPTER = "groupware.identity.oidc.Adapter"
