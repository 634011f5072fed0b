"""Argument types for the commands, with argparse's error words."""

from argparse import ArgumentTypeError

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email, validate_slug

from accounts.models.team import SLUG_LENGTH
from accounts.models.tokens import NAME_LENGTH
from accounts.money import parse_credits


def credit_amount(text: str) -> int:
    """Microcredits from an amount in credits."""
    try:
        return parse_credits(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


def email_address(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError as error:
        raise ArgumentTypeError(f"{text!r} is not an e-mail address.") from error
    return text


def team_slug(text: str) -> str:
    try:
        validate_slug(text)
        MaxLengthValidator(SLUG_LENGTH)(text)
    except ValidationError as error:
        raise ArgumentTypeError(f"{text!r}: {' '.join(error.messages)}") from error
    return text


def token_name(text: str) -> str:
    name = text.strip()
    if not name or len(name) > NAME_LENGTH:
        raise ArgumentTypeError(f"A name has 1 to {NAME_LENGTH} characters.")
    return name
