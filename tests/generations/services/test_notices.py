import pytest
from django.core import mail
from django.core.cache import cache
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import Role
from generations.models import GenerationRequest
from generations.providers.errors import ErrorKind
from generations.services import notices
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_was_told_yet() -> None:
    cache.clear()


@pytest.fixture
def request_() -> GenerationRequest:
    return factories.request()


def tell(
    request: GenerationRequest,
    capture: DjangoCaptureOnCommitCallbacks,
    *kinds: ErrorKind,
) -> None:
    with capture(execute=True):
        for kind in kinds or [ErrorKind.UNAUTHORIZED]:
            notices.provider_account_refused(request=request, kind=kind)


def test_every_owner_of_the_team_is_told_and_nobody_else(
    request_: GenerationRequest,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    second = factories.member(request_.team, Role.OWNER)
    factories.member(request_.team, Role.ADMIN)
    away = factories.member(request_.team, Role.OWNER)
    away.is_active = False
    away.save()
    tell(request_, django_capture_on_commit_callbacks)
    (message,) = mail.outbox
    assert set(message.to) == {request_.user.email, second.email}


def test_owners_are_told_of_a_trouble_once_an_hour(
    request_: GenerationRequest,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    tell(request_, django_capture_on_commit_callbacks, *[ErrorKind.UNAUTHORIZED] * 3)
    assert len(mail.outbox) == 1


def test_what_was_rolled_back_is_told_when_it_happens_again(
    request_: GenerationRequest,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        notices.provider_account_refused(request=request_, kind=ErrorKind.UNAUTHORIZED)
        raise RuntimeError
    tell(request_, django_capture_on_commit_callbacks)
    assert len(mail.outbox) == 1


def test_an_empty_account_is_another_trouble_than_a_refused_key(
    request_: GenerationRequest,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    tell(
        request_,
        django_capture_on_commit_callbacks,
        ErrorKind.UNAUTHORIZED,
        ErrorKind.NO_CREDITS,
    )
    key, account = (message.body for message in mail.outbox)
    assert "refused our key" in key
    assert "our account there is empty" in account
    assert "Nothing was charged" in key


def test_a_cache_that_is_away_keeps_nobody_from_knowing(
    request_: GenerationRequest,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    settings: Settings,
) -> None:
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:9/0"}}
    tell(request_, django_capture_on_commit_callbacks)
    assert len(mail.outbox) == 1


def test_a_mail_server_that_is_away_does_not_harm_the_request(
    request_: GenerationRequest,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise ConnectionRefusedError

    monkeypatch.setattr("accounts.services.mail.send_mail", refuse)
    tell(request_, django_capture_on_commit_callbacks)
