from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import SignedInRequest, signed_in


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def keyboard(request: SignedInRequest) -> HttpResponse:
    """The keys, as a page or as a sheet over one, and the switch that turns the letters off."""
    if request.method == "POST":
        request.user.shortcuts = request.POST.get("shortcuts") == "on"
        request.user.save(update_fields=["shortcuts"])
        messages.success(request, f"Single keys are {'on' if request.user.shortcuts else 'off'}.")
        return redirect("keyboard")
    part = "#sheet" if getattr(request, "htmx", False) else ""
    return render(request, f"accounts/keyboard.html{part}")
