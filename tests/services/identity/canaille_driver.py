"""Canaille, an identity provider, with a person and a client: run by the Python that it lives in.

Reads from its arguments the port, the client's redirect URI, and whether addresses are verified
there. Says `ready` when it listens, and ends when its standard input does.
"""

import json
import sys
import threading
from typing import Any

from canaille import create_app  # type: ignore[import-not-found]
from canaille.app import models  # type: ignore[import-not-found]
from canaille.oidc.jose import make_default_rsa_jwk  # type: ignore[import-not-found]
from werkzeug.serving import make_server  # type: ignore[import-not-found]


def main() -> None:
    """Serve until nobody wants it any more."""
    asked = json.loads(sys.argv[1])
    app = create_app(
        config={
            "SECRET_KEY": "of a test",
            "PREFERRED_URL_SCHEME": "http",
            "SERVER_NAME": f"127.0.0.1:{asked['port']}",
            "CANAILLE": {"DATABASE": "sql", "JAVASCRIPT": False, "HTMX": False, "SMTP": None},
            "CANAILLE_SQL": {"DATABASE_URI": f"sqlite:///{asked['database']}"},
            "CANAILLE_OIDC": {"ACTIVE_JWKS": [make_default_rsa_jwk().as_dict(private=True)]},
        },
        env_file="",
    )
    if asked["verifies"]:
        # Its own configuration has no name for this claim of its answers.
        app.config["CANAILLE_OIDC"]["USERINFO_MAPPING"]["EMAIL_VERIFIED"] = "true"
    with app.app_context():
        fill(app.backend, asked)
    # One request at a time, here: its session of the database is one thread's.
    server = make_server("127.0.0.1", asked["port"], app)
    threading.Thread(target=lambda: sys.stdin.read() or server.shutdown(), daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve_forever()


def fill(backend: Any, asked: dict[str, Any]) -> None:
    """Make what the tests sign in with."""
    for person in asked["people"]:
        backend.save(
            models.User(
                user_name=person["name"],
                formatted_name=person["name"].title(),
                family_name=person["name"].title(),
                emails=[person["address"]],
                password=person["password"],
            )
        )
    client = models.Client(
        client_id=asked["client_id"],
        client_secret=asked["client_secret"],
        client_name="Groupware",
        redirect_uris=[asked["redirect_uri"]],
        grant_types=["authorization_code"],
        response_types=["code"],
        scope=["openid", "profile", "email"],
        token_endpoint_auth_method="client_secret_post",
        contacts=[],
        client_uri="http://127.0.0.1/",
    )
    backend.save(client)
    client.audience = [client]
    backend.save(client)


main()
