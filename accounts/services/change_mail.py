from accounts.models import CreditChange, User
from accounts.services.mail import send_after_commit


def waits(change: CreditChange) -> None:
    """Tell the other members of staff: one of them has to agree."""
    involved = {change.by_id, change.ask.by_id if change.ask else None}
    staff = User.objects.staff().order_by("email")
    send_after_commit(
        "change_waits",
        subject=f"{change.by.display_name} needs a second person about {change.team}",
        to=[person.email for person in staff if person.pk not in involved],
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
