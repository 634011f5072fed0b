from uuid import UUID

from django.http import HttpRequest


def before(request: HttpRequest) -> UUID | None:
    """The row that the page begins below; from the top where the address says none."""
    try:
        return UUID(request.GET.get("before", ""))
    except ValueError:
        return None
