"""Django's settings over typed reads of the environment; `.env.example` lists them all."""

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from config import calendar, database, embedded, env, logs, paths, reach

BASE_DIR = paths.BASE
DARKROOM_DATA = paths.data_folder()
PORT = env.integer("PORT", 8000, minimum=1)
HOST = env.text("HOST", "127.0.0.1")
PUBLIC_URL = env.text("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
DEBUG = env.boolean("DEBUG", False)


def _secret_key() -> str:
    """SECRET_KEY, or one made at the first start and kept in the data folder."""
    given = env.secret("SECRET_KEY")
    if given:
        return given
    kept = DARKROOM_DATA / "secret_key"
    if not kept.exists():
        DARKROOM_DATA.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(50))
    return kept.read_text().strip()


def _image_origins() -> list[str]:
    """Where a bucket's images are: Amazon's have an address with their region's name too."""
    region = env.text("AWS_DEFAULT_REGION", "us-east-1")
    amazon = [f"https://{S3_BUCKET}.{host}.amazonaws.com" for host in ("s3", f"s3.{region}")]
    return ([S3_ENDPOINT_URL] if S3_ENDPOINT_URL else amazon) if S3_BUCKET else []


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "config",
    "accounts",
    "generations",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "csp",
    "django_cotton.apps.SimpleAppConfig",
    "template_partials.apps.SimpleAppConfig",
    "django_htmx",
    "lucide",
]

MIDDLEWARE = [
    "config.health.HealthMiddleware",
    "config.metrics.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "config.compression.PageCompression",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "config.template_loader.Loader",
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "template_partials.templatetags.partials",
                "django.templatetags.static",
                "accounts.templatetags.icons",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.shell",
                "generations.context.around",
            ],
        },
    }
]

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {"default": database.connection(paths.database_url() or embedded.url(DARKROOM_DATA))}
_lock_seconds = env.integer("DATABASE_LOCK_SECONDS", 10)
if _lock_seconds:
    DATABASES["default"]["OPTIONS"].setdefault("options", database.limits(_lock_seconds))
# A bounded pool a process, however many threads wait in it: with one connection a thread, hundreds
# of threads exhaust the server (measured). Celery's prefork children want plain connections.
if env.boolean("DATABASE_POOL", True):
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": env.integer("DATABASE_POOL_SIZE", 20, minimum=1),
        # A page says soon that it is back in a moment; workers are started with more patience.
        "timeout": env.integer("DATABASE_POOL_TIMEOUT", 5, minimum=1),
        # It tries again ever less often, so after a long outage of the database it would sleep on.
        "reconnect_timeout": 5,
    }
    # Or after a restart of the database each connection of the pool fails one request.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Statements of the hot path stay planned in each connection. Not behind a pooler that hands a
# connection to others between transactions, as PgBouncer before 1.22.
if env.boolean("DATABASE_PREPARE", True):
    DATABASES["default"]["OPTIONS"]["prepare_threshold"] = 0
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Celery. The database row is the truth; a message is a ticket that may be lost, doubled or late.
REDIS_URL = env.secret("REDIS_URL")
if REDIS_URL:
    CACHES["default"] = {"BACKEND": "config.cache.SharedCache", "LOCATION": REDIS_URL}
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
CELERY_BROKER_TRANSPORT = None if REDIS_URL else "config.broker:Transport"
CELERY_TASK_IGNORE_RESULT = True
# One for all threads: each would look through every installed package for its own.
CELERY_RESULT_BACKEND_THREAD_SAFE = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "generate"
CELERY_TASK_ROUTES = {
    "generations.make_renditions": {"queue": "media"},
    "generations.check_books": {"queue": "media"},
    "generations.close_days": {"queue": "media"},
    "generations.purge": {"queue": "media"},
    "generations.forget_webhooks": {"queue": "media"},
    "accounts.*": {"queue": "media"},
}
# Over Redis a worker takes what it has a free hand for. Counted by what is not acknowledged, as
# Celery does otherwise, a few acknowledgements that fail while Redis is away stop it for good.
CELERY_WORKER_PREFETCH_MULTIPLIER = 0 if REDIS_URL else 1
CELERY_WORKER_DISABLE_PREFETCH = bool(REDIS_URL)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = calendar.SCHEDULE
BROKER_FOLDER = DARKROOM_DATA / "broker"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {
        "visibility_timeout": 3600,
        "socket_connect_timeout": 1,
        # A web process that only sends must not hang on a frozen Redis; workers wait in long polls.
        "socket_timeout": env.integer("REDIS_SOCKET_TIMEOUT", 1, minimum=1),
        "socket_keepalive": True,
        "health_check_interval": 25,
        "unacked_restore_interval": 10,
        "global_keyprefix": "darkroom:",
        # Or a send waits for seconds before it says that Redis is away; the sweeper sends it again.
        "max_retries": 0,
    }
    if REDIS_URL
    else {
        "data_folder_in": str(BROKER_FOLDER / "messages"),
        "data_folder_out": str(BROKER_FOLDER / "messages"),
        "control_folder": str(BROKER_FOLDER / "control"),
        "store_processed": False,
        "polling_interval": 0.05,
    }
)

# Who you are
OWNER_EMAIL = env.text("OWNER_EMAIL", "owner@darkroom.localhost")
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
SIGNUP_OPEN = env.boolean("SIGNUP_OPEN", True)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "create"
LOGOUT_REDIRECT_URL = "account_login"

# Mail goes to the log until a server is named.
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
if env.text("EMAIL_HOST"):
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = env.text("EMAIL_HOST")
    EMAIL_PORT = env.integer("EMAIL_PORT", 587, minimum=1)
    EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
    EMAIL_HOST_PASSWORD = env.secret("EMAIL_HOST_PASSWORD")
    EMAIL_USE_TLS = env.boolean("EMAIL_USE_TLS", True)
EMAIL_TIMEOUT = 10  # Mail is sent while a person waits for the page.
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Darkroom <darkroom@localhost>")

# Files
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(DARKROOM_DATA / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
SERVESTATIC_MINIFY = True
S3_BUCKET = env.text("S3_BUCKET")
S3_ENDPOINT_URL = env.text("S3_ENDPOINT_URL")
MEDIA_ROOT = DARKROOM_DATA / "media"
STORAGES: dict[str, Any] = {
    "default": {
        "BACKEND": "generations.storage.S3" if S3_BUCKET else "generations.storage.Files",
    },
    "staticfiles": {"BACKEND": "config.static_files.Bundled"},
}
# Behind a proxy that serves files itself, the header to answer with instead of the bytes.
ACCEL_REDIRECT_PREFIX = env.text("ACCEL_REDIRECT_PREFIX")
DATA_UPLOAD_MAX_MEMORY_SIZE = 50_000_000  # Reference images travel back and forth as data URIs.

# Providers
CREDITS_PER_USD = env.integer("CREDITS_PER_USD", 100, minimum=1)
# A price within so many percent of the one last accepted is taken over without a person; 0: none.
PRICE_AUTO_ACCEPT_PERCENT = env.integer("PRICE_AUTO_ACCEPT_PERCENT", 0)
# What one of staff changes by hand above this many credits in a day takes a second person.
ADJUSTMENT_LIMIT = env.integer("ADJUSTMENT_LIMIT", 1_000) * 1_000_000
# What a new person finds in their personal team, and for how many days: 0 gives nothing, and lasts.
SIGN_UP_CREDITS = env.integer("SIGN_UP_CREDITS", 0) * 1_000_000
SIGN_UP_CREDITS_DAYS = env.integer("SIGN_UP_CREDITS_DAYS", 0)
# Shared with the shop that sells credits; without it there is no such address.
PAYMENT_WEBHOOK_SECRET = env.secret("PAYMENT_WEBHOOK_SECRET")
AIMLAPI_KEY = env.secret("AIMLAPI_KEY")
FAL_KEY = env.secret("FAL_KEY")
# fal shows what it charged to an admin key alone.
FAL_ADMIN_KEY = env.secret("FAL_ADMIN_KEY")
# Far from PORT, beside which the next program is the likeliest to be.
SANDBOX_PORT = env.integer("SANDBOX_PORT", 1024 + (PORT + 9_000) % 64_000, minimum=1)
USE_SANDBOX = not AIMLAPI_KEY and not FAL_KEY
_SANDBOX = f"http://127.0.0.1:{SANDBOX_PORT}" if USE_SANDBOX else ""
AIMLAPI_BASE_URL = _SANDBOX or env.address("AIMLAPI_BASE_URL", "https://api.aimlapi.com")
FAL_QUEUE_BASE_URL = _SANDBOX or env.address("FAL_QUEUE_BASE_URL", "https://queue.fal.run")
FAL_REST_BASE_URL = _SANDBOX or env.address("FAL_REST_BASE_URL", "https://rest.fal.ai")
FAL_API_BASE_URL = f"{_SANDBOX or env.address('FAL_API_BASE_URL', 'https://api.fal.ai')}/v1"
FAL_JWKS_URL = (
    f"{_SANDBOX}/.well-known/jwks.json"
    if USE_SANDBOX
    else env.text("FAL_JWKS_URL", "https://rest.fal.ai/.well-known/jwks.json")
)
PROVIDER_RESULT_HOSTS = env.words("PROVIDER_RESULT_HOSTS")
if USE_SANDBOX:
    AIMLAPI_KEY = "sandbox"
    FAL_KEY = FAL_ADMIN_KEY = "sandbox:sandbox"
    PROVIDER_RESULT_HOSTS = [*PROVIDER_RESULT_HOSTS, f"127.0.0.1:{SANDBOX_PORT}"]
# Most calls at once, and most a minute, of all workers together; 0 for no limit. A provider that
# answers 429 is called less whatever stands here. At fal what waits in its queue counts too, where
# teams take no turns: more than the 40 that it makes at once for an account would only wait there.
PROVIDER_LIMITS = {
    "aimlapi": (
        env.integer("AIMLAPI_MAX_IN_FLIGHT", 0),
        env.integer("AIMLAPI_MAX_PER_MINUTE", 0),
    ),
    "fal": (env.integer("FAL_MAX_IN_FLIGHT", 40), env.integer("FAL_MAX_PER_MINUTE", 0)),
}
# AIML API also without a key, so that a request says what is missing.
PROVIDERS = [
    *(["aimlapi"] if AIMLAPI_KEY or not FAL_KEY else []),
    *(["fal"] if FAL_KEY else []),
]
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
PROVIDER_IS_LOCAL = urlsplit(AIMLAPI_BASE_URL).hostname in _LOOPBACK
# Where fal can tell what became of a request. It reaches no private address; where ours is one, it
# is asked instead.
_fal_is_local = urlsplit(FAL_QUEUE_BASE_URL).hostname in _LOOPBACK
WEBHOOK_ORIGIN = PUBLIC_URL if _fal_is_local or reach.is_public(PUBLIC_URL) else ""
PROVIDER_DEADLINE = env.seconds("PROVIDER_DEADLINE", 300)
# Less than the minute after which most proxies hang up.
API_WAIT_SECONDS = env.seconds("API_WAIT_SECONDS", 50)

# What Prometheus may read, beside this machine itself: who says this token.
METRICS_TOKEN = env.secret("METRICS_TOKEN")
METRICS = "generations.services.measures.exposition"

# The engine room
WORKER_CONCURRENCY = env.integer("WORKER_CONCURRENCY", 32, minimum=1)
MEDIA_CONCURRENCY = env.integer("MEDIA_CONCURRENCY", 2, minimum=1)
LEASE_SECONDS = env.integer("LEASE_SECONDS", 30, minimum=1)
SWEEP_SECONDS = env.seconds("SWEEP_SECONDS", 3)
# How long a worker that is asked to stop waits for its calls, before others find out about them.
STOP_GRACE_SECONDS = env.seconds("STOP_GRACE_SECONDS", 10)
# Requests that a team has open at once.
TEAM_QUEUE_LIMIT = env.integer("TEAM_QUEUE_LIMIT", 5000, minimum=1)
# While less is free, or more pictures wait for the store, nothing new is sent.
LOW_DISK_BYTES = env.integer("LOW_DISK_BYTES", 512 * 2**20)
STORAGE_BACKLOG_LIMIT = env.integer("STORAGE_BACKLOG_LIMIT", 200, minimum=1)
# What this machine keeps itself.
KEPT_IN = [*([] if S3_BUCKET else [MEDIA_ROOT]), *([] if paths.database_url() else [DARKROOM_DATA])]
# How long after its deadline a call may be missing from the provider's log before that proves it
# never ran. A stand-in on this machine writes its log at once; the real one says only that entries
# land late.
PROVIDER_LOG_LAG = env.integer("PROVIDER_LOG_LAG", 60 if PROVIDER_IS_LOCAL else 900)

# By how much our cost of an image may differ from the provider's bill before a person looks: two of
# AIML API's credits, or a part of the bill.
RECONCILE_TOLERANCE_NANO_USD = env.integer("RECONCILE_TOLERANCE_NANO_USD", 1000)
RECONCILE_TOLERANCE_PER_MILLE = env.integer("RECONCILE_TOLERANCE_PER_MILLE", 1)
# And by how much all that was put up with in a day may come to, in either direction: a US cent.
RECONCILE_DAY_TOLERANCE_NANO_USD = env.integer("RECONCILE_DAY_TOLERANCE_NANO_USD", 10_000_000)
# Providers whose key other software uses too: a charge that no request of ours was is theirs.
SHARED_PROVIDER_KEYS = env.words("SHARED_PROVIDER_KEYS")

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# Browser security
_HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _HTTPS
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # Preloading HSTS is for a domain's owner to choose.
SECURE_SSL_REDIRECT = _HTTPS
# fal takes a redirect for a refusal, and never asks again.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^hooks/"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
TRUST_PROXY = env.boolean("TRUST_PROXY", False)
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        # Custom properties only: a tile's aspect ratio, placeholder and progress.
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:", *_image_origins()],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}

# Sign-up and sign-in by django-allauth
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {"signup": "accounts.forms.SignupForm"}
ACCOUNT_CHANGE_EMAIL = True  # A person has one address; a new one counts once it is confirmed.
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = env.text("EMAIL_VERIFICATION", "optional")

LOGGING_CONFIG = None
logs.configure(json_lines=env.boolean("LOG_JSON", False), level=env.text("LOG_LEVEL", "INFO"))
