"""What the server can do, for clients that know its name alone (RFC 8414)."""

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from groupware.core.publicurl import secure_url
from groupware.core.scopes import SCOPES


@require_safe
def metadata(_request: HttpRequest) -> JsonResponse:
    """Return the document of RFC 8414 §3.2."""
    issuer = secure_url()
    ways = ["none", "client_secret_basic", "client_secret_post"]
    return JsonResponse(
        {
            "issuer": issuer,
            "authorization_endpoint": issuer + reverse("oauth:authorize"),
            "token_endpoint": issuer + reverse("oauth:token"),
            "revocation_endpoint": issuer + reverse("oauth:revoke"),
            "scopes_supported": list(SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_methods_supported": ways,
            "revocation_endpoint_auth_methods_supported": ways,
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        },
        # Nothing in it is anybody's own: programs in browsers read it from other sites.
        headers={"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=3600"},
    )
