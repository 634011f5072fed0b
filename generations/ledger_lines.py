"""The ledger as a page shows it: each entry with who spent it on what, and what is reserved now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import CreditAccount, LedgerEntry, User
from accounts.services import entries
from generations.models import OPEN, GenerationRequest, Image, Visibility
from generations.receipts import model_name
from generations.services.price_notes import note
from generations.services.statement import kind_label

# Even what nobody can settle is given up after a day; what waited for approval has no such end.
LONGEST_LIFE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One entry, or a hold that is not settled yet (`is_reserved`), as `viewer` may see it.

    `balance` is None where the viewer may not know the team's.
    """

    viewer: User
    at: datetime
    kind: str
    amount: int
    request: GenerationRequest | None = None
    done_by: User | None = None
    reason: str = ""
    balance: int | None = None
    is_reserved: bool = False
    entry_id: int | None = None
    image: Image | None = None

    @property
    def person(self) -> User | None:
        return self.request.user if self.request else self.done_by

    @property
    def token_name(self) -> str:
        """The API token that it was asked for with, if it was."""
        token = self.request.token if self.request else None
        return token.name if token else ""

    @property
    def model_name(self) -> str:
        return model_name(self.request.model) if self.request else ""

    @property
    def price(self) -> str:
        """The terms it was held by."""
        if self.request is None:
            return ""
        return note(self.request.price_version, self.request.markup, dated=False)

    @property
    def prompt(self) -> str:
        """What was asked for, unless it is private to somebody else."""
        if self.request is None:
            return ""
        mine = self.request.user_id == self.viewer.pk
        if self.request.visibility == Visibility.PRIVATE and not mine:
            return "A private image"
        return self.request.prompt


def of_team(
    account: CreditAccount, found: QuerySet[LedgerEntry], *, viewer: User
) -> list[LedgerLine]:
    """With the team's balance after each entry."""
    lines = entries.with_balances(account, with_requests(found))
    return [of_entry(line, viewer=viewer) for line in lines]


def of_person(
    account: CreditAccount, found: QuerySet[LedgerEntry], *, viewer: User
) -> list[LedgerLine]:
    """For somebody who sees their own spending, and not what the team has left."""
    return [
        of_entry(entries.Line(one, entries.signed(account, one), None), viewer=viewer)
        for one in with_requests(found)
    ]


def of_entry(line: entries.Line, *, viewer: User) -> LedgerLine:
    entry = line.entry
    return LedgerLine(
        viewer,
        entry.created_at,
        kind_label(entry.kind),
        line.amount,
        request=getattr(entry.hold, "request", None),
        done_by=entry.actor,
        reason=entry.reason,
        balance=line.balance,
        entry_id=entry.pk,
    )


def reserved(
    account: CreditAccount,
    *,
    viewer: User,
    user: User | None = None,
    at: datetime | None = None,
) -> list[LedgerLine]:
    """What is set aside for requests on their way, now or at a moment, the newest first."""
    ours = GenerationRequest.objects.filter(team=account.team_id)
    # By the requests: few are open, while an account's holds are as many as it ever had.
    waiting = [ours.filter(status__in=sorted(OPEN))]
    if at and at < timezone.now():
        ended = ours.filter(finished_at__gte=at, finished_at__lt=at + LONGEST_LIFE)
        waited = ours.filter(waited=True, finished_at__gte=at + LONGEST_LIFE)
        waiting = [some.filter(created_at__lt=at) for some in (*waiting, ended, waited)]
    return [
        LedgerLine(
            viewer, one.created_at, "Reserved", -one.hold.amount, request=one, is_reserved=True
        )
        for some in waiting
        for one in _of(user, some)
        .select_related("hold", "user", "token", "price_version", "markup")
        .defer("params")
        .order_by("-id")
    ]


def _of(user: User | None, found: QuerySet[GenerationRequest]) -> QuerySet[GenerationRequest]:
    return found.filter(user=user) if user else found


def with_images(lines: Sequence[LedgerLine], *, viewer: User) -> list[LedgerLine]:
    """Each line with an image of its request, of those that the viewer may see."""
    wanted = {line.request.pk for line in lines if line.request}
    shown = Image.objects.visible_to(viewer).filter(request__in=wanted).order_by("-index")
    first = {image.request_id: image for image in shown}
    return [
        replace(line, image=first.get(line.request.pk)) if line.request else line for line in lines
    ]


def with_requests(found: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    # Parameters hold reference images whole, which no line shows.
    related = found.select_related("hold__request__user", "actor").defer("hold__request__params")
    # Not joined: of more than eight tables PostgreSQL no longer looks for the best order, and reads
    # every request (measured: a second, of a million).
    return related.prefetch_related(
        "hold__request__token", "hold__request__price_version", "hold__request__markup"
    )
