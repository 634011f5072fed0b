"""Requests above a team's threshold wait, with their hold, until somebody who may approves them."""

from django.db.transaction import atomic

from accounts.errors import WordsNeeded
from accounts.models import Membership, Team, User
from accounts.permissions import Permission, has_permission, holders, permissions_of
from accounts.services import ledger, teams
from generations import enqueue
from generations.errors import AlreadyDecided, AuthorGone, OwnRequest
from generations.models import Approval, GenerationRequest, Status, Verdict
from generations.services import notices, states

NAMED = 3  # people in a sentence
DECLINED = "declined"  # error code of a request that an approver did not let go


def needed(*, of: Membership, amount: int) -> bool:
    """Whether a member's request at this price waits. An approver's own does not: they may."""
    above = of.team.approval_above
    if above is None or amount <= above:
        return False
    return Permission.APPROVE not in permissions_of(of)


def decide(*, by: User, request: GenerationRequest, verdict: Verdict, words: str = "") -> Approval:
    """Let a request that waits go, or end it and give its hold back; the first to decide does.

    Raises NotAllowed, OwnRequest, WordsNeeded, AuthorGone, AlreadyDecided.
    """
    if request.user_id == by.pk:
        raise OwnRequest  # Who asked as a member may approve others' by now.
    approved = verdict == Verdict.APPROVED
    if not approved and not words.strip():
        raise WordsNeeded
    with atomic():
        teams.keep_permission(by, Permission.APPROVE, request.team)
        if approved and not has_permission(request.user, Permission.GENERATE, request.team):
            raise AuthorGone(request.user.display_name)
        if not (_let_go(request) if approved else _end(request)):
            raise AlreadyDecided(_how(request))
        approval = Approval.objects.create(
            request=request, verdict=verdict, by=by, words=words.strip()
        )
        notices.approval_decided(approval)
    return approval


def approvers_in_words(team: Team) -> str:
    """Who may approve a request here: "Olga or Ada", "Olga, Ada or 3 others"."""
    names = [one.display_name for one in holders(Permission.APPROVE, team)]
    if len(names) > NAMED:
        more = len(names) - NAMED + 1
        names = [*names[: NAMED - 1], f"{more} others"]
    return " or ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _let_go(request: GenerationRequest) -> bool:
    # Queued as of now: what was asked for meanwhile is not overtaken.
    moved = states.move(
        request.pk, leave=[Status.AWAITING_APPROVAL], to=Status.QUEUED, due_at=states.NOW
    )
    if moved:
        enqueue.after_commit(enqueue.send_ticket)
    return moved


def _end(request: GenerationRequest) -> bool:
    moved = states.move(
        request.pk,
        leave=[Status.AWAITING_APPROVAL],
        to=Status.CANCELLED,
        error_code=DECLINED,
    )
    if moved:
        ledger.release(hold=request.hold_id)
    return moved


def _how(request: GenerationRequest) -> str:
    approval = Approval.objects.select_related("by").filter(request=request).first()
    if approval is None:
        return f"{request.user.display_name} cancelled it"
    return f"{approval.by.display_name} {approval.verdict} it"
