"""What an application server loads: `gunicorn console.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

application = get_wsgi_application()

# Read before the workers are forked: one that is started later serves the code the others serve.
get_resolver().url_patterns  # noqa: B018 -- a cached property
