"""Mail that goes out while nobody waits for it: how long a mail server takes must not tell who is known here."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context

from django.core.mail import EmailMessage

log = logging.getLogger(__name__)

# One thread, started with the first letter; EMAIL_TIMEOUT bounds how long a letter may hold up the next.
POSTMAN = ThreadPoolExecutor(1, "post")


def send_later(message: EmailMessage) -> None:
    """In the context of the request, so that a failure is logged with its id."""
    context = copy_context()
    sending = POSTMAN.submit(context.run, message.send)
    sending.add_done_callback(lambda ended: context.run(_tell, ended))


def _tell(ended: "Future[int]") -> None:
    """Whatever went wrong: nobody waits for this letter, so only the log can tell that it was lost."""
    if error := ended.exception():
        log.error("A mail could not be sent: %s", error)
