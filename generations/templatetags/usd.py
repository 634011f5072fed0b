from django import template

from generations.pricing import format_usd

register = template.Library()
register.filter("usd", format_usd)
