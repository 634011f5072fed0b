from generations.admin.images import ImageAdmin
from generations.admin.looks import LookAdmin
from generations.admin.moderation import DecisionAdmin, ReportAdmin
from generations.admin.requests import AttemptAdmin, RequestAdmin
from generations.admin.sharing import DownloadAdmin, ShareLinkAdmin

__all__ = [
    "AttemptAdmin",
    "DecisionAdmin",
    "DownloadAdmin",
    "ImageAdmin",
    "LookAdmin",
    "ReportAdmin",
    "RequestAdmin",
    "ShareLinkAdmin",
]
