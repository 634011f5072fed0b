"""Credits as people write them. Everywhere else an amount is a whole number of microcredits."""

from decimal import Context, Decimal, Inexact, InvalidOperation

MICROCREDITS = 1_000_000
# Far above any real balance, and far below what a bigint column holds.
MAX_CREDITS = 1_000_000_000


def format_credits(microcredits: int) -> str:
    """The exact amount in credits: "12", "3.3", "2,480"."""
    whole, rest = divmod(abs(microcredits), MICROCREDITS)
    sign = "-" if microcredits < 0 else ""
    decimals = f".{rest:06d}".rstrip("0") if rest else ""
    return f"{sign}{whole:,}{decimals}"


def plain_credits(microcredits: int) -> str:
    """The exact amount as a number field and an address take it: "2480"."""
    return format_credits(microcredits).replace(",", "")


def say_credits(microcredits: int) -> str:
    """The amount with its unit: "1 credit", "3.3 credits"."""
    unit = "credit" if microcredits == MICROCREDITS else "credits"
    return f"{format_credits(microcredits)} {unit}"


def parse_credits(text: str) -> int:
    """Microcredits from "12" or "3.3". Raises ValueError with words for whoever wrote it."""
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= MAX_CREDITS:
        raise ValueError(f"{text!r} is not an amount of credits: write one such as 500 or 2.5.")
    return to_microcredits(amount)


def to_microcredits(credits_: Decimal) -> int:
    """Raises ValueError for a fraction finer than a microcredit, rather than round money."""
    exact = Context(traps=[Inexact])
    try:
        return int(exact.to_integral_exact(exact.multiply(credits_, MICROCREDITS)))
    except Inexact:
        raise ValueError("Credits have at most six decimals.") from None
