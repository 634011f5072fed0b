"""Figures for Prometheus: no session, no host check, and never for the public."""

import hmac
import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.http.request import split_domain_port
from django.utils.decorators import sync_only_middleware
from django.utils.module_loading import import_string
from prometheus_client import CONTENT_TYPE_LATEST

# A proxy on this machine asks from here for whoever asked it, and says so in one of these.
OF_A_PROXY = (
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
)
OWN_NAMES = {"127.0.0.1", "localhost", "[::1]"}


@sync_only_middleware
class MetricsMiddleware:
    """Answers `/metrics` to this machine, and elsewhere to who knows METRICS_TOKEN."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != "/metrics":
            return self.get_response(request)
        if not (_knows_the_token(request) or _is_this_machine(request)):
            return _guarded(HttpResponseNotFound("Not found.\n", content_type="text/plain"))
        if request.method not in {"GET", "HEAD"}:
            return _guarded(HttpResponse(status=405, headers={"Allow": "GET, HEAD"}))
        text = import_string(settings.METRICS)()
        return _guarded(HttpResponse(text, content_type=CONTENT_TYPE_LATEST))


def _knows_the_token(request: HttpRequest) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    right = hmac.compare_digest(given.strip().encode(), wanted.encode())
    return bool(wanted) and scheme.lower() == "bearer" and right


def _is_this_machine(request: HttpRequest) -> bool:
    """Whether it was asked here: not by a proxy, nor by a page that gave its host our address."""
    if settings.TRUST_PROXY or any(name in request.headers for name in OF_A_PROXY):
        return False
    host, _ = split_domain_port(request.headers.get("Host", ""))
    return host in OWN_NAMES and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _guarded(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return response
