"""The credit rows, to look things up in: only `accounts.services.ledger` writes them."""

from collections.abc import Callable
from operator import attrgetter

from django.contrib import admin
from django.db.models import Model

from accounts.admin_freezing import Unfreezing
from accounts.models import BooksCheck, CreditAccount, CreditChange, Hold, LedgerEntry
from accounts.money import format_credits
from config.read_only import ReadOnly


def in_credits(name: str, *, ordering: str | None = None) -> Callable[[object, Model], str]:
    """A column that shows whole microcredits as credits."""

    @admin.display(description=name.capitalize(), ordering=ordering or name)
    def column(_: object, row: Model) -> str:
        return format_credits(attrgetter(name)(row))

    return column


@admin.register(CreditAccount)
class CreditAccountAdmin(ReadOnly, Unfreezing):
    """A house account keeps no counters: what it holds is in its entries."""

    list_display = fields = (
        "owner",
        "kind",
        "posted_credits",
        "held_credits",
        "overdraft_credits",
        "available_credits",
        "frozen_at",
        "frozen_because",
    )
    list_filter = ("kind", ("frozen_at", admin.EmptyFieldListFilter))
    list_select_related = ("team",)
    search_fields = ("team__name", "team__slug")
    ordering = ("team__name",)
    show_full_result_count = False

    posted_credits = in_credits("posted")
    held_credits = in_credits("held")
    overdraft_credits = in_credits("overdraft")
    available_credits = in_credits("available", ordering="posted")

    @admin.display(ordering="team__name")
    def owner(self, account: CreditAccount) -> str:
        return account.team.name if account.team else "The house"


@admin.register(Hold)
class HoldAdmin(ReadOnly, admin.ModelAdmin):
    list_display = fields = (
        "reference",
        "state",
        "account",
        "amount_credits",
        "captured_credits",
        "created_at",
        "resolved_at",
    )
    list_filter = ("state", "created_at")
    list_select_related = ("account__team",)
    search_fields = ("reference", "account__team__name", "account__team__slug")
    ordering = ("-id",)
    show_full_result_count = False

    amount_credits = in_credits("amount")
    captured_credits = in_credits("captured")


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("created_at", "kind", "amount_credits", "debit", "credit", "reason", "actor")
    fields = (*list_display, "hold", "key")
    list_filter = ("kind", "created_at")
    list_select_related = ("debit__team", "credit__team", "actor")
    search_fields = (
        "key",
        "reason",
        "actor__email",
        "debit__team__name",
        "debit__team__slug",
        "credit__team__name",
        "credit__team__slug",
    )
    show_full_result_count = False

    amount_credits = in_credits("amount")


@admin.register(CreditChange)
class CreditChangeAdmin(ReadOnly, admin.ModelAdmin):
    """Made, agreed to and declined under Team credits."""

    list_display = (
        "created_at",
        "kind",
        "team",
        "amount_credits",
        "reason",
        "by",
        "state",
        "decided_by",
    )
    fields = (*list_display, "decided_at", "note", "expires_at", "entry")
    list_filter = ("kind", "state", "created_at")
    list_select_related = ("team", "by", "decided_by")
    search_fields = ("reason", "team__name", "team__slug", "by__email")

    amount_credits = in_credits("amount")


@admin.register(BooksCheck)
class BooksCheckAdmin(ReadOnly, admin.ModelAdmin):
    list_display = fields = ("at", "entries", "seconds", "problems")
