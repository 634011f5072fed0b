"""Recipes on their way out, as files, and in, into the composer."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST, require_safe

from accounts.access import SignedInRequest, TeamRequest, signed_in_or_404, team_required
from accounts.permissions import Permission
from generations import recipes
from generations.import_form import ImportForm
from generations.models import Image
from generations.views import composing, files, reusing


@require_safe
@signed_in_or_404
def image_recipe(request: SignedInRequest, image_id: UUID) -> HttpResponse:
    """Its canonical text and nothing else, so that the file's digest is the recipe's."""
    shown = Image.objects.visible_to(request.user).select_related("request")
    recipe = recipes.of(get_object_or_404(shown, pk=image_id))
    response = HttpResponse(recipes.write(recipe), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="recipe-{recipe.short}.json"'
    return files.private(response, fresh=True)


@require_POST
@team_required(Permission.GENERATE)
def recipe_import(request: TeamRequest) -> HttpResponse:
    """The composer with a recipe; or as it was, with words beside where the recipe was given."""
    form = composing.bound(request)
    chosen = ImportForm(request.POST, request.FILES)
    found = chosen.find(by=request.user, team=request.team)
    if found:
        chosen, form = ImportForm(), reusing.with_recipe(form, found, source=chosen.source)
    else:
        form = form.switched_to(form.model)
    return composing.answer(request, form, refused=found is None, import_form=chosen)
