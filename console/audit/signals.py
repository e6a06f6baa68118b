"""What other apps can hear about acts. Receivers run after the row is committed; one that fails is logged."""

from django.dispatch import Signal

outcome_unknown = Signal()
"""`entry`: it was sent and its outcome is unknown, or its process stopped before an answer came."""

outcome_known = Signal()
"""`entry`, fresh: an open or unknown act is now known to be done or failed, found by reading or said by a person."""

check_wanted = Signal()
"""`person`: they want every row of the audit checked, in the background."""
