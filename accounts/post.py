"""Mail that goes out while nobody waits for it: how long a mail server takes must not tell who is known here."""

import logging
import smtplib
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from django.core.mail import EmailMessage

log = logging.getLogger(__name__)

# One thread, started with the first letter; EMAIL_TIMEOUT bounds how long a letter may hold up the next.
POSTMAN = ThreadPoolExecutor(1, "post")


def send_later(message: EmailMessage) -> None:
    POSTMAN.submit(copy_context().run, _send, message)


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        log.error("A mail could not be sent: %s", error)
