from django import template

from accounts.money import MICROCREDITS, format_credits, plain_credits

register = template.Library()
register.filter("credits", format_credits)
register.filter("plain_credits", plain_credits)


@register.filter
def signed(microcredits: int) -> str:
    """With its sign, a true minus where it is below zero."""
    return f"{'−' if microcredits < 0 else '+'}{format_credits(abs(microcredits))}"


@register.filter
def rounded_credits(microcredits: int) -> str:
    """To hundredths of a credit: for averages and headlines, never for what was booked."""
    hundredth = MICROCREDITS // 100
    return format_credits((microcredits + hundredth // 2) // hundredth * hundredth)


@register.filter
def unsigned(microcredits: int) -> str:
    """Where the words say which way it goes."""
    return format_credits(abs(microcredits))
