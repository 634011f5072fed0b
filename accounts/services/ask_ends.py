"""How an ask ends, once, whoever ends it."""

from django.db.models.functions import Now

from accounts.errors import AskDecided
from accounts.models import AskState, ChangeState, CreditChange, CreditRequest, User


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
    ended = still_open.update(**changes, decided_at=Now())
    ask.refresh_from_db()
    if not ended:
        raise AskDecided(ask.get_state_display())
    waiting = CreditChange.objects.filter(ask=ask, state=ChangeState.WAITING)
    others = waiting.exclude(pk=through.pk) if through else waiting
    others.update(state=ChangeState.WITHDRAWN, decided_by=by, decided_at=Now())
