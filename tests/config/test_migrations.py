from importlib import import_module

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, migrations
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

from accounts.models import User
from generations.models import Attempt, Image, Report, ReportReason
from tests import factories

OURS = {"accounts", "generations"}


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_old_code_can_go_on_writing_rows_after_a_migration() -> None:
    """During an upgrade it does, and it knows nothing of a new column."""
    assert [column for one in _migrations() for column in _columns_old_code_misses(one)] == []


@pytest.mark.django_db
def test_attempts_get_their_providers_in_batches_and_once_more_does_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step = import_module("generations.migrations.0018_providers_of_attempts")
    monkeypatch.setattr(step, "AT_ONCE", 2)
    attempts = [factories.answered() for _ in range(5)]
    Attempt.objects.update(provider="")
    Attempt.objects.filter(pk=attempts[1].pk).update(provider="named before")

    for _ in range(2):
        with connection.schema_editor(atomic=False) as editor:
            step.name_providers(apps, editor)

    named = Attempt.objects.order_by("pk").values_list("provider", flat=True)
    assert list(named) == ["aimlapi", "named before", "aimlapi", "aimlapi", "aimlapi"]


@pytest.mark.django_db
def test_of_open_reports_of_the_same_the_first_is_kept() -> None:
    step = import_module("generations.migrations.0021_open_reports")
    [once] = Report._meta.constraints
    with connection.schema_editor(atomic=False) as editor:
        editor.remove_constraint(Report, once)
    image, person = factories.stored_image(), factories.user()
    kept = [_report(image, None), _report(image, person), _report(factories.stored_image(), None)]
    again = [_report(image, None), _report(image, None)]

    with connection.cursor() as cursor:
        cursor.execute(step.KEEP_THE_FIRST)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.schema_editor(atomic=False) as editor:
        editor.add_constraint(Report, once)

    assert set(Report.objects.all()) == set(kept)
    assert not set(again) & set(kept)


@pytest.mark.django_db
def test_images_get_the_seeds_that_were_asked_for() -> None:
    step = import_module("generations.migrations.0025_asked_seeds")
    asked = [factories.request(params={"seed": 99}), factories.request()]
    images = [factories.succeeded(one, seed=None).images.get() for one in asked]
    images.append(factories.stored_image())
    Image.objects.filter(request=asked[0]).update(seed=None)

    with connection.cursor() as cursor:
        cursor.execute(step.KEEP_WHAT_WAS_ASKED)
        cursor.execute("SELECT seed, search::text FROM generations_image ORDER BY id")
        kept = cursor.fetchall()

    assert [seed for seed, _ in kept] == [99, None, 7]
    assert ["'seed=99'" in search for _, search in kept] == [True, False, False]


def _report(image: Image, reporter: User | None) -> Report:
    return Report.objects.create(image=image, reporter=reporter, reason=ReportReason.OTHER)


def _migrations() -> list[migrations.Migration]:
    found = MigrationLoader(None).disk_migrations
    return [one for (app, _), one in sorted(found.items()) if app in OURS]


def _columns_old_code_misses(migration: migrations.Migration) -> list[str]:
    """Those that it adds to a table of before, which neither may be empty nor fill themselves."""
    steps = migration.operations
    new = {one.name.lower() for one in steps if isinstance(one, migrations.CreateModel)}
    return [
        f"{migration}: {one.model_name}.{one.name}"
        for one in steps
        if isinstance(one, migrations.AddField)
        and one.model_name not in new
        and not one.field.null
        and not one.field.many_to_many
        and one.field.db_default is NOT_PROVIDED
    ]
