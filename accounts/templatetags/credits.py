from django import template

from accounts.money import format_credits

register = template.Library()
register.filter("credits", format_credits)
