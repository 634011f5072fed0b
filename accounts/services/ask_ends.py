"""How an ask ends, once, whoever ends it."""

from django.db import transaction
from django.db.models.functions import Now

from accounts.errors import AskDecided
from accounts.models import AskState, ChangeState, CreditChange, CreditRequest, User
from accounts.services import change_mail

LONGEST_NOTE = 300  # of a change; an ask's may be longer


def end(
    ask: CreditRequest,
    *,
    by: User,
    state: AskState,
    granted: int | None = None,
    note: str = "",
    through: CreditChange | None = None,
) -> None:
    """The first to end it does; the row's condition settles every race. Raises AskDecided.

    Another change than the one `through` which it ends waits for nothing any more.
    """
    still_open = CreditRequest.objects.filter(pk=ask.pk, state=AskState.OPEN)
    changes = {"state": state, "granted": granted, "note": note.strip(), "decided_by": by}
    with transaction.atomic():
        ended = still_open.update(**changes, decided_at=Now())
        ask.refresh_from_db()
        if not ended:
            raise AskDecided(ask.get_state_display())
        waiting = CreditChange.objects.filter(ask=ask, state=ChangeState.WAITING)
        for other in waiting.exclude(pk=through.pk) if through else waiting:
            _end_with(ask, other, by=by)


def _end_with(ask: CreditRequest, change: CreditChange, *, by: User) -> None:
    """Whoever made the change is told, and why, unless they ended the ask themselves."""
    own = by == change.by
    refused = ask.state == AskState.DECLINED and not own
    CreditChange.objects.filter(pk=change.pk).update(
        state=ChangeState.DECLINED if refused else ChangeState.WITHDRAWN,
        decided_by=by,
        decided_at=Now(),
        note=ask.note[:LONGEST_NOTE] if refused else "",
    )
    if not own:
        change.refresh_from_db()
        change_mail.decided(change)
