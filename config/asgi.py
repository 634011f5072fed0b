"""The web process: everything the product serves, under ASGI because pages listen for changes."""

import os

from django.core.asgi import get_asgi_application
from django.utils.module_loading import import_string

from config import loaded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_asgi_application()
loaded.keep()
import_string("generations.services.beats.keep_watch")()
