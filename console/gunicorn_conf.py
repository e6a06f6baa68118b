"""How gunicorn serves the console: threads, not processes, carry the waiting for the vendors."""

import os

workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "console.gunicorn_worker.Worker"
threads = 16
# Read once and shared: a second worker starts at once. Nothing in it opens a connection while it is being read.
preload_app = True
# A vendor's answer may take 15 s and a big download hours: a worker's heartbeat is its own thread's, not a request's.
timeout = 60
graceful_timeout = 20
keepalive = 5
# Django logs what matters as JSON; a second access log would repeat query strings unmasked.
accesslog = None
loglevel = "warning"
# The choices of an export stand in its address, which an ended session carries along encoded once more.
limit_request_line = 8190
control_socket_disable = True
# What a proxy says about the person is believed by TRUSTED_PROXIES alone; gunicorn would believe any on this machine.
forwarded_allow_ips = ""
umask = 0o077
