from django import template

from generations.catalog_types import provider_name
from generations.models import Markup, PriceProposal, PriceVersion
from generations.pricing import markup_words, percent_words, price_words

register = template.Library()
register.filter("provider", provider_name)


@register.filter
def price(quoted: PriceVersion | PriceProposal) -> str:
    """ "$0.033 per image"."""
    return price_words(quoted.price)


@register.filter
def change(proposal: PriceProposal) -> str:
    """How much dearer it gets, to the hundredth of a percent: "+12.5 %"."""
    before, after = proposal.current.nano_usd, proposal.nano_usd
    basis_points = round(10_000 * (after - before) / before)
    return f"{'−' if after < before else '+'}{percent_words(basis_points)}"


@register.filter
def markup(found: Markup) -> str:
    """ "12.5 % and 0.5 credits per image on top"."""
    return markup_words(found.basis_points, found.per_image)
