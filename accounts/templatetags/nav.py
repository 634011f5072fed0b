"""The links of the sidebar, the tab bar and the menu: some twenty-five on every page."""

from typing import Any

from django import template
from django.template import Context
from django.urls import reverse

register = template.Library()


@register.inclusion_tag("_nav_link.html", takes_context=True)
def nav_link(context: Context, page: str, icon: str, label: str, count: int = 0) -> dict[str, Any]:
    """A link to a page of this URL name, marked where one is on it; `count` is what waits there."""
    here = context["request"].resolver_match
    return {
        "address": reverse(page),
        "is_here": here is not None and here.view_name == page,
        "icon": icon,
        "label": label,
        "count": count,
    }
