from django.db import models
from django.db.models.functions import Now


class WorkerBeat(models.Model):
    """A worker process as it says every few seconds that it lives; its last word stays.

    The schedule is one of them, seen whenever a message of it comes.
    """

    name = models.CharField(max_length=80, primary_key=True)  # as leases name it
    part = models.CharField(max_length=20)
    held = models.PositiveIntegerField(default=0)
    began_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    # When a message last came to it. It sends itself some, so that one comes where none waits.
    heard_at = models.DateTimeField(db_default=Now())
    # Since when it can send none.
    cut_off_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
