from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import ApiToken
from accounts.services import tokens
from tests.accounts.people import People


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("create_token", *arguments, stdout=out)
    return out.getvalue()


def test_it_prints_one_token_and_nothing_else(people: People) -> None:
    printed = run("Mara@example.com", people.team.slug, "--name", "Nightly")

    assert printed.endswith("\n")
    token = tokens.authenticate(printed.removesuffix("\n"))
    assert (token.user, token.team, token.name) == (people.member, people.team, "Nightly")


@pytest.mark.parametrize(
    ("email", "team", "words"),
    [
        ("nobody@example.com", "northlight-studio", "Nobody here has the e-mail address"),
        ("mara@example.com", "nowhere", "There is no team nowhere"),
        ("vic@example.com", "northlight-studio", "may not make images"),
        ("otto@example.com", "northlight-studio", "may not make images"),
    ],
)
def test_it_says_what_is_wrong(people: People, email: str, team: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run(email, team)
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("name", [" ", "x" * 81])
def test_a_name_has_to_fit(people: People, name: str) -> None:
    with pytest.raises(CommandError, match="1 to 80 characters"):
        run("mara@example.com", people.team.slug, "--name", name)
