from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timesince import timesince

from config.read_only import ReadOnly
from generations import catalog, redacted
from generations.admin.looks import Recorded
from generations.admin.searching import FindsById
from generations.models import Attempt, GenerationRequest, Image
from generations.pricing import format_credits, format_usd


class ModelFilter(admin.SimpleListFilter):
    """From the catalog: to list what was ever used would read the whole table."""

    title = parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(model.id, model.name) for model in catalog.MODELS.values()]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[GenerationRequest]
    ) -> QuerySet[GenerationRequest]:
        return queryset.filter(model=self.value()) if self.value() else queryset


class ShowsCost:
    @admin.display(ordering="cost_nano_usd")
    def cost(self, attempt: Attempt) -> str:
        """What the provider charged, to the last digit."""
        if attempt.cost_nano_usd is None:
            return "Not stated"
        return format_usd(attempt.cost_nano_usd)


class AttemptInline(ReadOnly, ShowsCost, admin.TabularInline):
    model = Attempt
    fields = ("number", "state", "http_status", "error_kind", "cost", "seconds", "sent_at")
    readonly_fields = ("cost",)
    show_change_link = True


class ImageInline(ReadOnly, admin.TabularInline):
    model = Image
    fields = ("index", "status", "width", "height", "hidden_at")
    show_change_link = True


@admin.register(GenerationRequest)
class RequestAdmin(FindsById, Recorded):
    """Prompts are private: only a request's own page shows one, and opening it is recorded."""

    look = "Read the prompt."
    list_display = ("age", "status", "team", "user", "model", "num_images", "held", "captured")
    list_filter = ("status", ModelFilter, "source", "created_at")
    list_select_related = ("team", "user", "hold")
    search_fields = ("user__email", "team__name", "team__slug")
    ordering = ("-id",)
    inlines = (AttemptInline, ImageInline)
    fieldsets = (
        (None, {"fields": ("id", "status", "team", "user", "model", "prompt", "parameters")}),
        ("Credits", {"fields": ("held", "captured", "hold")}),
        ("Failure", {"fields": ("error_code", "error_detail")}),
        (
            "Engine",
            {
                "fields": (
                    "provider",
                    "alternative",
                    "moved_from",
                    "source",
                    "visibility",
                    "fence",
                    "attempt_count",
                    "tries",
                    "due_at",
                    "queue_position",
                    "queue_note",
                    "cancel_asked_at",
                    "lease_owner",
                    "lease_until",
                    "idempotency_key",
                )
            },
        ),
        ("Dates", {"fields": ("created_at", "started_at", "finished_at")}),
    )

    @admin.display(ordering="hold__amount")
    def held(self, request: GenerationRequest) -> str:
        return format_credits(request.hold.amount)

    @admin.display(ordering="hold__captured")
    def captured(self, request: GenerationRequest) -> str:
        return format_credits(request.hold.captured)

    @admin.display(ordering="-id")
    def age(self, request: GenerationRequest) -> str:
        return timesince(request.created_at, depth=1)

    @admin.display
    def parameters(self, request: GenerationRequest) -> str:
        return redacted.parameters(request, opened=True)


@admin.register(Attempt)
class AttemptAdmin(ShowsCost, FindsById, Recorded):
    look = "Read the provider's answer."
    id_fields = ("pk", "request_id")
    list_display = (
        "client_request_id",
        "state",
        "asked_model",
        "http_status",
        "error_kind",
        "cost",
        "seconds",
        "sent_at",
    )
    list_filter = ("state", "cost_source", "sent_at")
    list_select_related = ("request",)
    search_fields = ("client_request_id", "inference_id")
    ordering = ("-id",)
    exclude = ("raw_body", "cost_nano_usd")
    readonly_fields = ("cost", "answer")

    @admin.display(description="Model", ordering="request__model")
    def asked_model(self, attempt: Attempt) -> str:
        return attempt.model

    @admin.display(description="The provider's answer")
    def answer(self, attempt: Attempt) -> str:
        return redacted.body(attempt, opened=True)
