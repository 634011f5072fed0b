"""The Celery application; its settings are Django's, prefixed CELERY_."""

import os
import warnings

from celery import Celery
from celery.exceptions import SecurityWarning

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Messages are JSON, so a forged one cannot run code; containers and first tries run as root.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("darkroom")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
