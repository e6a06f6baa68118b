"""Fills the tables beside the chain from it: how each line stands, the search index, whether the moments rise.

In steps that are each committed, so that it can be broken off and run again. It calls no code of the console's, which
changes with the models; `manage.py settle --rebuild` does the same with today's.
"""

import re
import unicodedata
from datetime import timedelta

from django.db import migrations, transaction

AT_ONCE = 2_000
CLOCK_ERROR = timedelta(hours=1)
GAP = "  "
INNER_STARTS = re.compile(
    r"(?<=\W)(?=(\w{1,2}))|(?<=[\u3040-\u9fff\uac00-\ud7af])(?=([\u3040-\u9fff\uac00-\ud7af]{1,2}))"
)


class Fill:
    """One pass over the chain, from its first row to the newest."""

    def __init__(self, apps, database):
        self.apps, self.database = apps, database
        self.sequence, self.latest, self.clock_step = 0, None, 0

    def run(self):
        while self._fill_next():
            pass

    def _fill_next(self):
        """False when no rows are left. Nobody adds any in the meantime: the head's row is locked."""
        with transaction.atomic(using=self.database):
            self._all("ChainHead").select_for_update().filter(pk=1).values_list("pk").first()
            rows = self._all("Entry").filter(sequence__gt=self.sequence).order_by("sequence")[:AT_ONCE]
            rows = list(rows.values_list("sequence", "at"))
            if rows:
                self._fill_lines(rows[0][0], rows[-1][0])
                self._read_moments(rows)
            else:
                self._save_moments()
        return bool(rows)

    def _fill_lines(self, first, last):
        lines = self._all("Entry").filter(sequence__range=(first, last)).exclude(kind="outcome")
        states, texts = {}, {}
        for pk, sequence, outcome, words in lines.values_list("pk", "sequence", "recorded_outcome", "words"):
            states[pk], texts[pk] = (outcome, sequence), [words]
        outcomes = self._all("Entry").filter(opens__in=list(states)).values_list(
            "sequence", "opens_id", "recorded_outcome", "words"
        )
        for _, pk, outcome, words in sorted(outcomes):
            states[pk] = (outcome, states[pk][1])
            texts[pk].append(words)
        self._save_states(states)
        self._save_texts(first, last, {states[pk][1]: words for pk, words in texts.items()})

    def _save_states(self, states):
        model = self.apps.get_model("audit", "LineState")
        self._all("LineState").filter(pk__in=list(states)).delete()
        self._all("LineState").bulk_create(
            model(pk=pk, outcome=outcome, sequence=sequence)
            for pk, (outcome, sequence) in states.items()
            if outcome != "done"
        )

    def _save_texts(self, first, last, texts):
        model = self.apps.get_model("audit", "SearchText")
        self._all("SearchText").filter(pk__gte=first, pk__lte=last).delete()
        self._all("SearchText").bulk_create(
            model(pk=sequence, words=document(words)) for sequence, words in sorted(texts.items())
        )

    def _read_moments(self, rows):
        for sequence, at in rows:
            self.latest = max(at, self.latest or at)
            if at < self.latest - CLOCK_ERROR:
                self.clock_step = self.clock_step or sequence
        self.sequence = rows[-1][0]

    def _save_moments(self):
        self._all("ChainHead").filter(pk=1).update(latest=self.latest)
        self._all("ClockStep").delete()
        if self.clock_step:
            self._all("ClockStep").create(pk=1, sequence=self.clock_step)

    def _all(self, model):
        return self.apps.get_model("audit", model).objects.using(self.database).all()


def document(texts):
    words = [word for text in texts for word in fold(text).split()]
    starts = {found[1] or found[2] for word in words for found in INNER_STARTS.finditer(word)}
    return GAP + GAP.join([*words, *sorted(starts)])


def fold(text):
    letters = unicodedata.normalize("NFD", text.casefold())
    return unicodedata.normalize("NFC", "".join(one for one in letters if not unicodedata.combining(one)))


def fill(apps, schema_editor):
    Fill(apps, schema_editor.connection.alias).run()


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("audit", "0008_chain_check_run")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
