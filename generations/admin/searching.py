from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest


class FindsById(admin.ModelAdmin):
    """A search for an id is one look at an index; any other words go the ordinary way."""

    id_fields: tuple[str, ...] = ("pk",)
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        try:
            wanted = UUID(search_term.strip())
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        ids = [Q((field, wanted)) for field in self.id_fields]
        return queryset.filter(Q(*ids, _connector=Q.OR)), False
