from generations.admin.images import ImageAdmin
from generations.admin.looks import LookAdmin
from generations.admin.moderation import DecisionAdmin, ReportAdmin
from generations.admin.requests import AttemptAdmin, RequestAdmin

__all__ = [
    "AttemptAdmin",
    "DecisionAdmin",
    "ImageAdmin",
    "LookAdmin",
    "ReportAdmin",
    "RequestAdmin",
]
