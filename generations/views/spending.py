"""What the Usage page and the ledger show: a team's for those who may see it, else one's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from accounts.access import TeamRequest
from accounts.models import CreditAccount, LedgerEntry, User
from accounts.permissions import Permission, permissions_of
from accounts.services import budgets, entries
from accounts.services.rooms import Room
from generations import books, charts, ledger_lines
from generations.ledger_form import RESERVED, LedgerForm
from generations.models import UsageDay
from generations.receipts import model_name
from generations.services import usage
from generations.services.statement import Month

LATEST = 8
PAGE = 50
DEFAULT = "30d"


@dataclass(frozen=True, slots=True)
class TableRow:
    """A model or a member with what it came to, and its percentage of all."""

    key: object
    name: str
    totals: usage.Totals
    share: float
    user: User | None = None
    median_seconds: float | None = None
    room: Room | None = None  # the fullest limit of a member


def sees_team(request: TeamRequest) -> bool:
    return Permission.VIEW_LEDGER in permissions_of(request.membership)


def only(request: TeamRequest) -> User | None:
    """Whose spending alone this person may see, if not everybody's."""
    return None if sees_team(request) else request.user


def chosen_period(request: TeamRequest) -> usage.Period:
    found = {one.key: one for one in usage.periods(timezone.now().date())}
    return found.get(request.GET.get("period", ""), found[DEFAULT])


def usage_page(request: TeamRequest, account: CreditAccount) -> dict[str, Any]:
    period = chosen_period(request)
    by_member = sees_team(request) and request.GET.get("by") == usage.Cut.MEMBER
    cut = usage.Cut.MEMBER if by_member else usage.Cut.MODEL
    used, forecast = usage.read(account, period, cut=cut, user=only(request))
    return {
        **_figures(request, period, used),
        "account": account,
        # The shell shows the same account; read again it might not say the same.
        "balance": account,
        "forecast": forecast,
        "latest": _latest(request, account),
        "sees_team": sees_team(request),
        "books": books.headline(account) if sees_team(request) else None,
        "month": Month(period.until.replace(day=1)),
    }


def ledger_page(request: TeamRequest, account: CreditAccount) -> dict[str, Any]:
    form = ledger_form(request)
    before = _entry_of(account, form.chosen("before"))
    lines = [] if form.chosen_kind == RESERVED else _lines(request, account, form, before)
    return {
        "form": form,
        "lines": ledger_lines.with_images(lines[:PAGE], viewer=request.user),
        "reserved": [] if before else _reserved(request, account, form),
        "older": lines[PAGE - 1].entry_id if len(lines) > PAGE else None,
        "sees_team": sees_team(request),
        "month": Month(timezone.now().date().replace(day=1)),
    }


def ledger_form(request: TeamRequest) -> LedgerForm:
    return LedgerForm(
        request.GET,
        people=_people(request) if sees_team(request) else None,
        periods=usage.periods(timezone.now().date()),
    )


def _figures(request: TeamRequest, period: usage.Period, used: usage.Usage) -> dict[str, Any]:
    people = User.objects.in_bulk(list(used.members)) if sees_team(request) else {}
    since = entries.start_of(period.since)
    medians = usage.median_seconds(request.team, list(used.models), since=since)
    rooms = budgets.fullest_of_members(team=request.team) if people else {}
    return {
        **_switches(period, used.cut),
        "used": used.whole,
        "per_day": used.whole.spent // period.days,
        "chart": _chart(period, used, people) if used.whole.spent else None,
        "models": _model_rows(used, medians),
        "members": _member_rows(used, people, rooms),
        "limited": bool(rooms.keys() & people.keys()),
    }


def _lines(
    request: TeamRequest, account: CreditAccount, form: LedgerForm, before: LedgerEntry | None
) -> list[ledger_lines.LedgerLine]:
    mine = Q() if sees_team(request) else Q(hold__request__user=request.user)
    found = entries.newest(account, where=form.where & mine, before=before, limit=PAGE + 1)
    return _shown(request, account, found)


def _shown(
    request: TeamRequest, account: CreditAccount, found: QuerySet[LedgerEntry]
) -> list[ledger_lines.LedgerLine]:
    lines = ledger_lines.of_team if sees_team(request) else ledger_lines.of_person
    return lines(account, found, viewer=request.user)


def _reserved(
    request: TeamRequest, account: CreditAccount, form: LedgerForm
) -> list[ledger_lines.LedgerLine]:
    if form.chosen_kind not in {"", RESERVED}:
        return []
    whose = form.chosen_person or only(request)
    return ledger_lines.reserved(account, viewer=request.user, user=whose)


def _latest(request: TeamRequest, account: CreditAccount) -> list[ledger_lines.LedgerLine]:
    mine = Q() if sees_team(request) else Q(hold__request__user=request.user)
    return _shown(request, account, entries.newest(account, where=mine, limit=LATEST))


def _entry_of(account: CreditAccount, entry_id: int | None) -> LedgerEntry | None:
    if entry_id is None:
        return None
    ours = LedgerEntry.objects.filter(Q(debit=account) | Q(credit=account))
    return ours.filter(pk=entry_id).first()


def _people(request: TeamRequest) -> QuerySet[User]:
    """Who is in the team, and who was while they spent."""
    spent = UsageDay.objects.filter(team=request.team, model="").values("user")
    members = request.team.memberships.values("user")
    return User.objects.filter(Q(pk__in=members) | Q(pk__in=spent)).order_by("name", "email")


def _switches(period: usage.Period, cut: usage.Cut) -> dict[str, Any]:
    return {
        "period": period,
        "periods": usage.periods(period.until),
        "by": cut,
        "cuts": [(one.value, f"By {one}") for one in usage.Cut],
    }


def _chart(period: usage.Period, used: usage.Usage, people: Mapping[UUID, User]) -> charts.Chart:
    names: dict[Any, str] = {model: model_name(model) for model in used.models}
    names |= {pk: user.display_name for pk, user in people.items()}
    words = "Week of {}" if period.weekly else "{}"
    columns = [
        charts.Column(
            words.format(date_format(day, "j F")),
            date_format(day, "j M"),
            used.by_day.get(day, {}),
        )
        for day in period.columns
    ]
    return charts.stacked_bars(columns, names)


def _model_rows(used: usage.Usage, medians: Mapping[str, float]) -> list[TableRow]:
    return [
        TableRow(
            model,
            model_name(model),
            totals,
            _share(totals, used),
            median_seconds=medians.get(model),
        )
        for model, totals in _ranked(used.models)
    ]


def _member_rows(
    used: usage.Usage, people: Mapping[UUID, User], rooms: Mapping[UUID, Room]
) -> list[TableRow]:
    return [
        TableRow(
            pk,
            people[pk].display_name,
            totals,
            _share(totals, used),
            user=people[pk],
            room=rooms.get(pk),
        )
        for pk, totals in _ranked(used.members)
        if pk in people
    ]


def _ranked(totals: Mapping[Any, usage.Totals]) -> list[tuple[Any, usage.Totals]]:
    return sorted(totals.items(), key=lambda one: (-one[1].spent, str(one[0])))


def _share(totals: usage.Totals, used: usage.Usage) -> float:
    return 100 * totals.spent / used.whole.spent if used.whole.spent else 0.0
