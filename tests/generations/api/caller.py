"""A program with a token, and what it hears."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.test import Client

from accounts.models import ApiToken, Team, User
from accounts.services import tokens
from generations.models import GenerationRequest
from tests import factories

if TYPE_CHECKING:
    # A name of the type checker's alone.
    from django.test.client import _MonkeyPatchedWSGIResponse as Heard

GENERATE = "/v1/images/generations"
AT_ONCE = {"Prefer": "respond-async"}
ASK = {"model": factories.MODEL, "prompt": "A lighthouse at dusk"}


@dataclass(frozen=True)
class Caller:
    token: ApiToken
    secret: str

    @classmethod
    def of(cls, user: User, team: Team) -> "Caller":
        return cls(*tokens.create(by=user, team=team, name="Nightly"))

    @classmethod
    def of_a_member(cls) -> "Caller":
        team = factories.team()
        return cls.of(factories.member(team), team)

    @property
    def team(self) -> Team:
        return self.token.team

    def get(self, address: str, **headers: str) -> "Heard":
        return Client().get(address, headers=self._headers(headers))

    def ask(self, headers: dict[str, str] | None = None, /, **fields: object) -> "Heard":
        """Ask for images; unless it is said otherwise, without waiting for them."""
        return Client().post(
            GENERATE,
            {**ASK, **fields},
            content_type="application/json",
            headers=self._headers({**AT_ONCE, **(headers or {})}),
        )

    def asked(
        self, headers: dict[str, str] | None = None, /, **fields: object
    ) -> GenerationRequest:
        """The row of what was asked for and taken."""
        answer = self.ask(headers, **fields)
        assert answer.status_code == 202, answer.text
        return GenerationRequest.objects.get(pk=UUID(answer.json()["id"]))

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}", **headers}


def error(answer: "Heard") -> dict[str, Any]:
    found = answer.json()["error"]
    assert isinstance(found, dict)
    return found
