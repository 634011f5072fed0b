from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.team import Role


class RoleLimit(models.Model):
    """What a request of one role in a team may ask for, and how many one person may have open.

    What is NULL is not limited.
    """

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="role_limits")
    role = models.CharField(max_length=10, choices=Role)
    most_open = models.PositiveSmallIntegerField(null=True, blank=True)
    most_megapixels = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    most_images = models.PositiveSmallIntegerField(null=True, blank=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "role"], name="role_limit_once_a_role"),
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="role_limit_role_is_known"
            ),
            models.CheckConstraint(
                condition=(Q(most_open=None) | Q(most_open__gte=1))
                & (Q(most_megapixels=None) | Q(most_megapixels__gt=0))
                & (Q(most_images=None) | Q(most_images__gte=1)),
                name="role_limit_leaves_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}s of {self.team}"

    def allows_size(self, megapixels: Decimal) -> bool:
        return self.most_megapixels is None or megapixels <= self.most_megapixels

    def allows_images(self, count: int) -> bool:
        return self.most_images is None or count <= self.most_images

    @property
    def size_words(self) -> str:
        most = self.most_megapixels or Decimal(0)
        unit = "megapixel" if most <= 1 else "megapixels"
        return f"{self._who} may make images of up to {most.normalize():f} {unit}."

    @property
    def images_words(self) -> str:
        most = "1 image" if self.most_images == 1 else f"{self.most_images} images"
        return f"{self._who} may ask for up to {most} at once."

    @property
    def open_words(self) -> str:
        most = "1 request" if self.most_open == 1 else f"{self.most_open} requests"
        return f"{self._who} may have {most} open at once. Wait until one is done, or cancel one."

    @property
    def _who(self) -> str:
        return f"{self.get_role_display()}s of this team"
