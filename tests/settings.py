"""The console's own settings with secrets and paces for tests. Nothing of a developer's `.env` gets in."""

import atexit
import base64
import os
import shutil
import tempfile
from pathlib import Path
from unittest import mock

_scratch = Path(tempfile.mkdtemp(prefix="console-tests-"))
atexit.register(shutil.rmtree, _scratch, ignore_errors=True)
_environment = {
    "SECRET_KEY": "tests-only-7f3kQ9vLz2Xw8rTb5nYc1mHd6jPg4sEa0uZoRiKx",
    "AUDIT_SECRET": "tests-only-audit-Vq8Zt3Lm6Wy1Rb9Xc4Nd7Kf2",
    "KEY_SECRETS": "t1:" + base64.b64encode(bytes(range(7, 39))).decode(),
    "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver.localhost",
    "AVALA_BASE_URL": "http://127.0.0.1:9/api/v1",
    "CLOUDFACTORY_BASE_URL": "http://127.0.0.1:9/api/v1",
    "AUDIT_ANCHOR": str(_scratch / "audit-anchor.txt"),
    "DATABASE_URL": os.environ.get("TEST_DATABASE_URL", f"sqlite:///{_scratch / 'console.sqlite3'}"),
    "CACHE_URL": f"sqlite:///{_scratch / 'cache.sqlite3'}",
    "JOBS_URL": f"sqlite:///{_scratch / 'jobs.sqlite3'}",
    "DEBUG": "false",
    "EMAIL_URL": "dummymail://",
    "TIME_ZONE": "UTC",
}
for _name in ("MEDIA_ORIGINS", "UPLOAD_ORIGINS", "TRUSTED_LOCAL_ORIGINS", "TRUSTED_PROXIES"):
    os.environ.pop(_name, None)
os.environ.update(_environment)

with mock.patch("environ.Env.read_env"):
    from console.settings import *  # noqa: F403

# The slow hash protects real passwords; the cast's are public.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# A file, not memory: threads and live servers then have connections of their own, and locks behave as in life.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": str(_scratch / "test.sqlite3")}  # noqa: F405
UPLOAD_ARRIVES_WITHIN = 0
WORKER_LOCKS = _scratch / "workers"
STATIC_ROOT = _scratch / "static"
STATIC_ROOT.mkdir()
