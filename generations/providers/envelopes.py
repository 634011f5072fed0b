"""Reads error bodies: the provider writes three envelopes, its upstreams two more, proxies HTML.

Only known fields are taken: the rest may echo the prompt or a reference image.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from generations.providers.decoding import decode, mapping, sequence, string

_STATED_ISSUES = 3
_TITLE = re.compile(r"<title[^>]*>([^<]{1,200})", re.IGNORECASE)
_WRAPPED = re.compile(r"\s*(?:\d{3}\s+)?(\{.*\})\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Complaint:
    """`codes` are the machine's words; `is_own` when it is the provider's JSON, not a proxy's."""

    text: str
    codes: str
    field: str | None
    is_own: bool


def read_complaint(body: str) -> Complaint:
    """Whatever the body says went wrong; never raises."""
    try:
        document = mapping(decode(body))
    except ValueError:
        return Complaint(_plain_words(body), "", None, is_own=False)
    return _unwrapped(_read(document))


def _read(document: Mapping[str, object]) -> Complaint:
    error = mapping(document.get("error"))
    issues = _issues(document, error)
    places = (
        document.get("message"),
        error.get("message"),
        document.get("error"),
        document.get("detail"),
        document.get("title"),
    )
    words = (_issue_words(issues), *map(_words, places))
    return Complaint(
        text=next(filter(None, words), ""),
        codes=" ".join(_codes(error, issues)),
        field=next(filter(None, map(_field, issues)), None),
        is_own=bool(document),
    )


def _unwrapped(complaint: Complaint) -> Complaint:
    """An upstream's JSON put into the message as text says more, and must not be shown raw."""
    wrapped = _WRAPPED.fullmatch(complaint.text)
    if not wrapped:
        return complaint
    try:
        inner = _read(mapping(decode(wrapped[1])))
    except ValueError:
        return replace(complaint, text="")
    return replace(inner, codes=f"{complaint.codes} {inner.codes}")


def _issues(
    document: Mapping[str, object], error: Mapping[str, object]
) -> list[Mapping[str, object]]:
    for place in (error.get("data"), document.get("detail"), document.get("message")):
        found = [issue for issue in map(mapping, sequence(place)) if issue]
        if found:
            return found
    return []


def _issue_words(issues: Iterable[Mapping[str, object]]) -> str:
    stated = []
    for issue in list(issues)[:_STATED_ISSUES]:
        words = string(issue.get("message")) or string(issue.get("msg"))
        stated.append(": ".join(filter(None, (_field(issue), words))))
    return "; ".join(filter(None, stated))


def _field(issue: Mapping[str, object]) -> str:
    """zod says ["image_size", "width"], fal ["body", "prompt"]."""
    path = [*sequence(issue.get("path")), *sequence(issue.get("loc"))]
    return ".".join(str(part) for part in path if isinstance(part, str | int) and part != "body")


def _codes(error: Mapping[str, object], issues: Iterable[Mapping[str, object]]) -> Iterable[str]:
    yield string(mapping(error.get("data")).get("kind"))
    for source in (error, *issues):
        yield from (string(source.get(name)) for name in ("name", "code", "type"))


def _words(value: object) -> str:
    return string(value) or "; ".join(filter(None, map(string, sequence(value))))


def _plain_words(body: str) -> str:
    if not body.lstrip().startswith("<"):
        return body
    title = _TITLE.search(body)
    return title[1] if title else "a web page"
