from django.db import models


class AccountDay(models.Model):
    """What an account held at the end of a day on which it moved.

    A sum kept, never a source: the entries of an ended day do not change, so a balance far back
    need not be added up from the beginning.
    """

    account = models.ForeignKey(
        "accounts.CreditAccount", on_delete=models.PROTECT, related_name="days", db_index=False
    )
    day = models.DateField()
    closing = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "day"], include=["closing"], name="account_day_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.closing}"
