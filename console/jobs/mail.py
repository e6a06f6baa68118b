"""The job that sends a mail: the request that asked for it is answered before any mail server is.

How long a mail server takes must not tell a stranger who has an account here. What a mail says can hold a link that
signs somebody in: it waits encrypted, and is deleted from the row once it is sent or given up.
"""

import json
import logging
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.core.mail import EmailMessage

from accounts import crypto, rotation
from accounts.account_signals import mail_ready
from console.jobs import handlers, services
from console.jobs.handlers import Done, Result
from console.jobs.models import Operation

log = logging.getLogger(__name__)

KIND = "accounts.mail"


def register() -> None:
    handlers.register(KIND, send, title="Send a mail", on_abandon=_log_loss)
    mail_ready.connect(_enqueue, dispatch_uid="jobs.mail")
    rotation.register(_old_seals)


def send(operation: Operation) -> Result:
    """Raises what the mail server raises: then it is tried again."""
    if "sealed" not in operation.payload:
        return Done("There was no mail to send.")
    fields = json.loads(crypto.open_sealed(operation.payload["sealed"], _context(operation.subject)))
    EmailMessage(**fields).send()
    Operation.objects.filter(pk=operation.pk).update(payload={})
    return Done("It was sent.")


def _enqueue(sender: Any, message: EmailMessage | None, **more: Any) -> None:
    """Without a message too, where the time that this takes would tell that there is no account."""
    subject, payload = uuid.uuid4().hex, {}
    if message is not None:
        fields = {"subject": message.subject, "body": message.body, "from_email": message.from_email, "to": message.to}
        payload = {"sealed": crypto.seal(json.dumps(fields), _context(subject))}
    services.enqueue(kind=KIND, subject=subject, person=None, payload=payload)


def _context(subject: str) -> str:
    return f"mail:{subject}"


def _log_loss(operation: Operation, message: str) -> None:
    """The link in it would soon be too old, so a retry by hand sends nothing."""
    log.error("A mail could not be sent: %s", message)
    Operation.objects.filter(pk=operation.pk).update(payload={})


def _old_seals() -> Iterator[tuple[str, Callable[[], int]]]:
    """Waiting mails that need a new seal, for `accounts.rotation`."""
    for operation in Operation.objects.filter(kind=KIND).exclude(payload={}):
        if not crypto.is_newest(operation.payload["sealed"]):
            yield "a mail", partial(_reseal, operation)


def _reseal(operation: Operation) -> int:
    context = _context(operation.subject)
    fresh = crypto.seal(crypto.open_sealed(operation.payload["sealed"], context), context)
    waiting = Operation.objects.filter(pk=operation.pk).exclude(payload={})
    return waiting.update(payload={"sealed": fresh})
