from django.db import models


class BooksCheck(models.Model):
    """One nightly check of the ledger, kept so that an owner can see when it last balanced."""

    at = models.DateTimeField(db_default=models.functions.Now())
    entries = models.BigIntegerField()
    problems = models.JSONField(default=list, blank=True)
    seconds = models.FloatField()

    class Meta:
        verbose_name = "check of the books"
        verbose_name_plural = "checks of the books"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}: {len(self.problems) or 'no'} problems"

    @property
    def balances(self) -> bool:
        return not self.problems
