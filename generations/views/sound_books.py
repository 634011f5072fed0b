from collections.abc import Callable
from functools import wraps

from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from accounts.access import TeamRequest
from accounts.models import CreditAccount, Team
from accounts.services import entries
from generations.errors import StatementRefused
from generations.services import exports
from generations.services.statement import Month

OfMonth = Callable[[TeamRequest, Month], HttpResponseBase]
Sound = Callable[[TeamRequest, Month, CreditAccount], HttpResponseBase]


def of_sound_books(*, is_own: bool = False) -> Callable[[Sound], OfMonth]:
    """Let the view run for a month that has begun, of an account with nothing wrong in it.

    With `is_own` the refusal does not lead to the books, which not everybody may read.
    """

    def guard(view: Sound) -> OfMonth:
        @wraps(view)
        def guarded(request: TeamRequest, month: Month) -> HttpResponseBase:
            try:
                account = _sound_account(request.team, month)
            except StatementRefused as error:
                context = {"why": error, "month": month, "is_own": is_own}
                return render(request, "generations/statement_refused.html", context, status=409)
            return view(request, month, account)

        return guarded

    return guard


def _sound_account(team: Team, month: Month) -> CreditAccount:
    account = entries.account_of(team)
    if account is None or month.since > timezone.now():
        raise Http404
    exports.require_sound(account)
    return account
