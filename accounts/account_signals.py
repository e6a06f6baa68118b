"""What other apps may hear of people, so that accounts need not know them."""

from django.dispatch import Signal

# Sent with `person` after the person was disabled for good: their waiting work has to stop.
person_disabled = Signal()

# Sent with `message`, an EmailMessage of plain text that a worker sends, or None to take as long without one.
mail_ready = Signal()
