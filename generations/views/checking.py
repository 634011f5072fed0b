from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import SignedInRequest, signed_in
from generations.check_form import CheckForm
from generations.inspector import Inspector
from generations.services import checking


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
def check(request: SignedInRequest) -> HttpResponse:
    """Of which of one's images a file is, or else what it says of itself."""
    if request.method != "POST":
        return render(request, "generations/check.html", {"form": CheckForm()})
    form = CheckForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "generations/check.html", {"form": form}, status=422)
    file = form.cleaned_data["file"]
    checked = checking.check(file.read(), by=request.user)
    image = Inspector(checked.image) if checked.image else None
    page = {"form": CheckForm(), "name": file.name, "checked": checked, "image": image}
    return render(request, "generations/check.html", page)
