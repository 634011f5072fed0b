"""The web process: everything the product serves, under ASGI because pages listen for changes."""

import gc
import os

from django.core.asgi import get_asgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_asgi_application()

# What a page needs is loaded now and stays. Each look through it for garbage would stop a page for
# some 100 ms.
get_resolver().url_patterns  # noqa: B018  # imports every view
gc.collect()
gc.freeze()
