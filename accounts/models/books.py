from django.db import models


class BooksCheck(models.Model):
    """One check of the books, kept so that an owner can see when they last balanced."""

    at = models.DateTimeField(db_default=models.functions.Now())
    entries = models.BigIntegerField()
    problems = models.JSONField(default=list, blank=True)
    # By the invariant that did not hold: how often, on which accounts, and whether the house's.
    found = models.JSONField(default=dict, db_default={}, blank=True)
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

    @property
    def accounts_at_fault(self) -> set[int]:
        return {account for one in self.found.values() for account in one["accounts"]}
