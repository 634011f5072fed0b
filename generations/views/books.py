"""Do the books balance, and do they match the provider's bill? For who answers for the credits."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import SignedInRequest, TeamRequest, staff_required, team_required
from accounts.permissions import Permission
from accounts.services import entries
from generations import books as shown
from generations import enqueue


@require_safe
@never_cache
@team_required(Permission.VIEW_LEDGER)
def books(request: TeamRequest) -> HttpResponse:
    account = entries.account_of(request.team)
    context = shown.page(account) if account else {}
    return render(request, "generations/books.html", context)


@require_POST
@staff_required
def check(request: SignedInRequest) -> HttpResponse:
    """Have the workers check all books now."""
    if enqueue.check_books():
        messages.success(request, "The books are being checked. Reload in a moment.")
    else:
        messages.error(request, "The workers could not be told. Is the broker away?")
    return redirect("books")
