"""What an operator reads: the requests of all teams, and the whole story of one."""

from dataclasses import dataclass

from accounts.models import ChangeState
from generations import story
from generations.models import GenerationRequest
from generations.operations_form import OperationsForm
from generations.querysets import RequestQuerySet
from generations.receipts import Receipt, model_name
from generations.refund_form import RefundForm
from generations.services import operating
from generations.waits import open_circuits, standstills
from generations.why import Why, explain

PAGE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A request in the list."""

    request: GenerationRequest
    why: Why

    @property
    def model_name(self) -> str:
        return model_name(self.request.model)


def listed(form: OperationsForm) -> dict[str, object]:
    """A page of requests, newest first, and where the next one begins."""
    found = GenerationRequest.objects.filter(form.where).order_by("-pk")
    with_names = found.select_related("team", "user", "hold").defer("prompt", "params")
    requests = list(with_names[: PAGE + 1])
    shown = requests[:PAGE]
    circuits, still = open_circuits(shown), standstills(shown)
    return {
        "lines": [
            Line(one, explain(one, circuits.get(one.pk), still.get(one.pk))) for one in shown
        ],
        "older": shown[-1].pk if len(requests) > PAGE else "",
    }


def whole(request: GenerationRequest, *, opened: bool) -> dict[str, object]:
    """All about one request; its prompt only when it was `opened`, which is written down."""
    circuit = open_circuits([request]).get(request.pk)
    last = max(request.attempts.all(), key=lambda attempt: attempt.number, default=None)
    return {
        "asked": request,
        "why": explain(request, circuit, standstills([request]).get(request.pk)),
        "circuit": circuit,
        "steps": story.tell(request, opened=opened),
        "receipt": Receipt(request),
        "deeds": operating.lawful(request, last),
        "opened": opened,
        "refund_form": _refund_form(request),
        "refunds_waiting": request.hold.changes.filter(state=ChangeState.WAITING).count(),
    }


def _refund_form(request: GenerationRequest) -> RefundForm | None:
    """For what was charged and not given back yet."""
    form = RefundForm(asked=request)
    return form if form.most > 0 else None


def with_everything() -> RequestQuerySet:
    """Requests with all that their story is told from, in a fixed number of queries."""
    names = ("hold", "user", "team", "token", "approval__by", "price_version", "markup")
    related = GenerationRequest.objects.select_related(*names)
    return related.prefetch_related(
        "hold__entries", "attempts__charges", "attempts__webhooks", "images"
    )
