"""A team's year in rows, for COPY: what no test could make by asking a million times."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

COLUMNS = {
    "accounts_hold": ("id account_id reference amount captured state created_at resolved_at"),
    "generations_generationrequest": (
        "id team_id user_id idempotency_key fingerprint provider model prompt params num_images "
        "arrived visibility source hold_id status fence attempt_count due_at tries lease_owner "
        "error_code error_detail created_at started_at finished_at"
    ),
    "accounts_ledgerentry": (
        "debit_id credit_id amount kind key hold_id reason created_at effective_at"
    ),
    "generations_attempt": (
        "id request_id number fence client_request_id state sent_at error_kind error_message "
        "inference_id cost_unit cost_source raw_headers raw_body"
    ),
    "generations_image": (
        "id request_id attempt_id index team_id author_id visibility status folder digest "
        "content_type size width height placeholder created_at stored_at rendition_tries"
    ),
}
FAILS = 0.03
WEEKLY_GRANT = 10**13


@dataclass(slots=True)
class Year:
    """`count` requests of a team, evenly over the days up to `now`; images only of the last weeks.

    Older pictures are not read by any page measured here: their numbers are kept by the day.
    """

    team: uuid.UUID
    account: int
    revenue: int
    funding: int
    members: list[uuid.UUID]
    models: list[str]
    count: int
    now: datetime
    days: int = 365
    pictured_days: int = 35
    dice: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311  # not a secret
    posted: int = 0

    def seed(self) -> None:
        asked = list(self._requests())
        rows = (
            self._holds,
            self._request_rows,
            self._entries,
            self._attempts,
            self._images,
        )
        with connection.cursor() as cursor:
            # A million foreign keys that are right by the way they are made.
            cursor.execute("SET session_replication_role = replica")
            for (table, columns), made in zip(COLUMNS.items(), rows, strict=True):
                names = columns.replace(" ", ", ")
                with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                    for row in made(asked):
                        copy.write_row(row)
            cursor.execute("SET session_replication_role = origin")
            cursor.execute(
                "UPDATE accounts_creditaccount SET posted = %s WHERE id = %s",
                [self.posted, self.account],
            )
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

    def _requests(self) -> Iterator[dict[str, Any]]:
        step = timedelta(days=self.days) / self.count
        began = self.now - timedelta(days=self.days)
        for number in range(self.count):
            at = began + number * step
            yield {
                "id": _uuid_at(at, self.dice),
                "hold": _uuid_at(at, self.dice),
                "at": at,
                "user": self.members[min(int(self.dice.expovariate(0.08)), len(self.members) - 1)],
                "model": self.models[min(int(self.dice.expovariate(0.2)), len(self.models) - 1)],
                "amount": self.dice.randint(3, 60) * 100_000,
                "failed": self.dice.random() < FAILS,
                "seconds": self.dice.lognormvariate(1.8, 0.5),
            }

    def _holds(self, asked: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
        for one in asked:
            ended = ("released", 0) if one["failed"] else ("captured", one["amount"])
            yield (
                one["hold"], self.account, str(one["id"]), one["amount"], ended[1], ended[0],
                one["at"], one["at"] + timedelta(seconds=one["seconds"]),
            )  # fmt: skip

    def _request_rows(self, asked: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
        for one in asked:
            at = one["at"]
            yield (
                one["id"], self.team, one["user"], one["id"], "f" * 64, "aimlapi", one["model"],
                "A lighthouse at dusk, long exposure, wet stones", "{}", 1,
                0 if one["failed"] else 1, "team", "web", one["hold"],
                "failed" if one["failed"] else "succeeded", 1, 1, at, 0, "", "", "", at, at,
                at + timedelta(seconds=one["seconds"]),
            )  # fmt: skip

    def _entries(self, asked: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
        for week in range(self.days // 7 + 1):
            at = self.now - timedelta(days=self.days) + timedelta(weeks=week)
            self.posted += WEEKLY_GRANT
            yield (
                self.funding, self.account, WEEKLY_GRANT, "grant", f"grant:{week}", None, "Weekly",
                at, at,
            )  # fmt: skip
        for one in asked:
            if one["failed"]:
                continue
            self.posted -= one["amount"]
            yield (
                self.account, self.revenue, one["amount"], "capture", f"capture:{one['hold']}",
                one["hold"], "", one["at"] + timedelta(seconds=one["seconds"]), one["at"],
            )  # fmt: skip

    def _attempts(self, asked: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
        for one in self._pictured(asked):
            yield (
                one["id"], one["id"], 1, 1, str(one["id"]), "answered", one["at"], "", "", "",
                "", "", "{}", "",
            )  # fmt: skip

    def _images(self, asked: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
        for one in self._pictured(asked):
            yield (
                one["id"], one["id"], one["id"], 0, self.team, one["user"], "team", "stored",
                "folder", "0" * 64, "image/png", 1, 1024, 768, "", one["at"], one["at"], 0,
            )  # fmt: skip

    def _pictured(self, asked: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        since = self.now - timedelta(days=self.pictured_days)
        return (one for one in asked if one["at"] >= since and not one["failed"])


def _uuid_at(at: datetime, dice: random.Random) -> uuid.UUID:
    """A UUIDv7 of that moment."""
    stamp = int(at.timestamp() * 1000) << 80
    return uuid.UUID(
        int=stamp | 7 << 76 | dice.getrandbits(12) << 64 | 2 << 62 | dice.getrandbits(62)
    )
