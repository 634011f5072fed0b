from accounts.models import CreditChange
from accounts.services import staff
from accounts.services.mail import send_after_commit


def waits(change: CreditChange) -> None:
    """Tell the others who may agree to it: one of them has to."""
    involved = {change.by_id, change.ask.by_id if change.ask else None}
    keepers = staff.keepers().order_by("email")
    send_after_commit(
        "change_waits",
        subject=f"{change.by.display_name} needs a second person about {change.team}",
        to=[person.email for person in keepers if person.pk not in involved],
        context={"change": change},
    )


def decided(change: CreditChange) -> None:
    """Tell whoever made it."""
    send_after_commit(
        "change_decided",
        subject=f"{change.get_state_display()}: what you asked for about {change.team}",
        to=[change.by.email],
        context={"change": change},
    )
