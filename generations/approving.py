"""What approvers see: the requests that wait for them, and who asks for more room in a limit."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Func, QuerySet, TextField

from accounts.models import AskKind, Budget, CreditRequest, Team, User
from accounts.permissions import Permission
from accounts.services import asks, budgets, ledger, teams
from accounts.services.rooms import Room
from generations import catalog, references, renditions
from generations.approval_form import ApprovalForm
from generations.models import Approval, GenerationRequest, Status, Visibility

SHOWN = 20
DECIDED = 10
# Cut off by the database: the parameters hold the pictures whole.
REFERENCES = Func(
    F("params"),
    template="ARRAY(SELECT left(one #>> '{}', 2048) FROM jsonb_path_query(%(expressions)s,"
    """ '$.keyvalue() ? (@.key starts with "image_url").value[*]') one)""",
    output_field=ArrayField(TextField()),
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A picture that was handed in, or the address of one elsewhere."""

    number: int
    address: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """One request as an approver sees it, with what its price leaves of the limits it keeps."""

    request: GenerationRequest
    viewer: User
    rooms: Sequence[Room]
    available: int
    form: ApprovalForm

    @property
    def is_waiting(self) -> bool:
        return self.request.status == Status.AWAITING_APPROVAL

    @property
    def is_own(self) -> bool:
        """Somebody else decides about it."""
        return self.request.user_id == self.viewer.pk

    @property
    def amount(self) -> int:
        return self.request.hold.amount

    @property
    def model_name(self) -> str:
        return catalog.name_of(self.request.model)

    @property
    def is_private(self) -> bool:
        """Only its author sees what it shows; the price alone is decided about."""
        return self.request.visibility == Visibility.PRIVATE and not self.is_own

    @property
    def references(self) -> list[Reference]:
        begun = [] if self.is_private else getattr(self.request, "references", [])
        return [
            Reference(number, "" if text.startswith("data:") else text)
            for number, text in enumerate(begun)
        ]

    @property
    def approval(self) -> Approval | None:
        return getattr(self.request, "approval", None)


def waiting_for(user: User) -> QuerySet[GenerationRequest, UUID]:
    """The ids of all that waits for this person's decision."""
    mine = teams.where_may(user, Permission.APPROVE)
    asked = _limit_asks(mine, user).order_by().values_list("pk", flat=True)
    return _requests(mine, user).values_list("pk", flat=True).union(asked, all=True)


def page(user: User, *, mine: Collection[Team]) -> dict[str, object]:
    """All that waits in the teams that are this person's to approve for, the oldest first."""
    waiting = _requests(mine, user)
    decided = Approval.objects.filter(request__team__in=mine).select_related(
        "by", "request__user", "request__hold"
    )
    return {
        "rows": present(_shown(waiting)[:SHOWN], viewer=user),
        "count": waiting.count(),
        "limit_asks": _limit_asks(mine, user),
        "credit_asks": asks.waiting(AskKind.CREDITS).filter(team__in=mine),
        "decided": decided.defer("request__params")[:DECIDED],
        "many_teams": len(mine) > 1,
    }


def present(
    found: Iterable[GenerationRequest], *, viewer: User, form: ApprovalForm | None = None
) -> list[Waiting]:
    requests = list(found)
    rooms = _rooms({request.team_id for request in requests})
    available = cache(lambda team: ledger.balance(team=team).available)
    return [
        Waiting(
            request,
            viewer,
            [room for room in rooms if _keeps(request, room.budget)],
            available(request.team),
            form or ApprovalForm(auto_id=f"id_{request.pk.hex}_%s"),
        )
        for request in requests
    ]


def find(user: User, request_id: UUID) -> GenerationRequest | None:
    """A request that waited, if it is this person's to approve."""
    mine = teams.where_may(user, Permission.APPROVE)
    ours = GenerationRequest.objects.filter(team__in=mine, waited=True)
    return _shown(ours).filter(pk=request_id).first()


def thumbnail(shown: Waiting, number: int) -> bytes | None:
    """One of its pictures, small; None where there is none to show."""
    if number >= len(shown.references):
        return None
    picture = references.picture(references.named_in(shown.request.params)[number])
    return renditions.thumbnail(picture) if picture else None


def _requests(mine: QuerySet[Team] | Collection[Team], user: User) -> QuerySet[GenerationRequest]:
    waiting = GenerationRequest.objects.filter(team__in=mine, status=Status.AWAITING_APPROVAL)
    return waiting.exclude(user=user)


def _shown(found: QuerySet[GenerationRequest]) -> QuerySet[GenerationRequest]:
    related = found.select_related("user", "team", "hold", "approval__by").defer("params")
    return related.annotate(references=REFERENCES).order_by("id")


def _limit_asks(mine: QuerySet[Team] | Collection[Team], user: User) -> QuerySet[CreditRequest]:
    return asks.waiting(AskKind.LIMIT).filter(team__in=mine).exclude(by=user)


def _rooms(of_teams: Collection[UUID]) -> list[Room]:
    in_force = Budget.objects.filter(team__in=of_teams, ended_at__isnull=True)
    return budgets.rooms(in_force.select_related("member", "token").order_by("id"))


def _keeps(request: GenerationRequest, budget: Budget) -> bool:
    return (
        budget.team_id == request.team_id
        and budget.member_id in (None, request.user_id)
        and budget.token_id in (None, request.token_id)
        and budget.model in ("", request.model)
    )
