"""What browsers are told about every answer but static files: what it may load, keep and show."""

from __future__ import annotations

from collections.abc import Callable

from csp.constants import NONE, SELF
from django.http import HttpRequest, HttpResponse

# Nothing of these is used; a script that got in should not have them either. Passkeys are asked for by our own pages.
_SWITCHED_OFF = (
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
_OWN_ONLY = ("publickey-credentials-create", "publickey-credentials-get")
PERMISSIONS_POLICY = ", ".join([f"{name}=()" for name in _SWITCHED_OFF] + [f"{name}=(self)" for name in _OWN_ONLY])


def content_security_policy(*, form_targets: list[str]) -> dict[str, list[str]]:
    """The policy of every page. `form_targets` are origins that a form may lead to besides ourselves."""
    return {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # the square code of an authenticator app
        "connect-src": [SELF],
        "form-action": [SELF, *form_targets],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }


class PageHeadersMiddleware:
    """Nothing of a page or document is kept by a browser or proxy, and no other site can embed it.

    Static files never come here: WhiteNoise answers before.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Cache-Control"] = "no-store, private"
        response["Permissions-Policy"] = PERMISSIONS_POLICY
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response
