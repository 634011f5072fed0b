"""Every address of the product, and what each kind of visitor gets there.

A stranger is somebody nobody knows, or whose account was disabled. An outsider has an account and
no part in the team; staff get no further than that, outside the admin and the operators' pages. An
aide is of staff and has no further right.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

SIGN_IN = 0  # Sent to the sign-in page, and back from there.
STRANGERS, STAFF = ("anonymous", "disabled"), ("staff", "aide")
VISITORS = (*STRANGERS, "outsider", *STAFF, "viewer", "member", "admin", "owner")
COLUMNS = dict(zip(VISITORS, (0, 0, 1, 1, 1, 2, 3, 4, 5), strict=True))


@dataclass(frozen=True)
class Row:
    """The answers are those to a stranger, an outsider, a viewer, a member, an admin, an owner."""

    name: str
    method: str
    of: str
    answers: tuple[int, int, int, int, int, int]
    form: Mapping[str, str] = field(default_factory=dict)
    staff: int | None = None  # Where they get further than an outsider.
    aide: int | None = None  # Where an aide gets less far than others of staff.
    file: str = "640"

    def expected(self, visitor: str) -> int:
        if visitor == "aide" and self.aide is not None:
            return self.aide
        if visitor in STAFF and self.staff is not None:
            return self.staff
        return self.answers[COLUMNS[visitor]]

    def __str__(self) -> str:
        said = f"{self.method.upper()} {self.name} of {self.of or 'nothing'}"
        return f"{said}: {self.file}, {dict(self.form)}"


def everyone(
    name: str, method: str, status: int, /, *, of: str = "", stranger: int = SIGN_IN, **form: str
) -> Row:
    """The same for whoever is signed in."""
    return Row(name, method, of, (stranger, status, status, status, status, status), form)


def team(name: str, method: str, status: int, /, *, of: str = "", **form: str) -> Row:
    """For every member of the team that is meant."""
    return Row(name, method, of, (SIGN_IN, 404, status, status, status, status), form)


def makers(name: str, status: int, /) -> Row:
    """For members who may make images; the form names the team."""
    return Row(name, "post", "", (SIGN_IN, 404, 403, status, status, status))


def managers(
    name: str, status: int, /, *, of: str = "", admin: int | None = None, **form: str
) -> Row:
    second = status if admin is None else admin
    return Row(name, "post", of, (SIGN_IN, 404, 403, 403, second, status), form)


def operators(name: str, method: str, status: int, /, *, of: str = "") -> Row:
    """For staff alone; others find nothing there."""
    return Row(name, method, of, (SIGN_IN, 404, 404, 404, 404, 404), staff=status)


def keepers(name: str, method: str, status: int, /, *, of: str = "") -> Row:
    """For those of staff who may change credits; other staff may not, others find nothing there."""
    return replace(operators(name, method, status, of=of), aide=403)


def accountants(name: str, /, *, of: str = "", owners_only: bool = False) -> Row:
    """For those who may see the team's books; an outsider sees their own team's."""
    admin = 403 if owners_only else 200
    return Row(name, "get", of, (SIGN_IN, 200, 403, 403, admin, 200))


def approvers(name: str, method: str, status: int, /, **form: str) -> Row:
    """For those who may approve what waits in the team; others find nothing there."""
    return Row(name, method, "waiting", (SIGN_IN, 404, 404, 404, status, status), form)


def owned(name: str, method: str, status: int, /, *, viewer: int | None = None) -> Row:
    """For whoever made it; what they may do with it is their role's matter."""
    looking = status if viewer is None else viewer
    form = {"reason": "violence"}
    return Row(name, method, "own", (SIGN_IN, status, looking, status, status, status), form)


def _is_of_images(row: Row) -> bool:
    """Whether a stranger is not even sent to sign in from there."""
    return row.name in IMAGE_FORMS or (row.name == "compare" and bool(row.of))


IMAGE_PAGES = (
    ("image", "get", 200),
    ("image-file", "get", 200),
    ("image-download", "get", 200),
    ("image-recipe", "get", 200),
    ("images-zip", "post", 200),
    ("image-report", "post", 302),
    ("image-favourite", "post", 302),
    ("images-favourite", "post", 302),
    ("images-trash", "post", 302),
)
# In the trash, these alone still open, and for those alone who may restore it.
TRASHED_PAGES = {
    ("image", "get"): 200,
    ("image-file", "get"): 200,
    ("trash-restore", "post"): 302,
    ("trash-delete", "post"): 200,
}
COLLECTION_ACTIONS = ("collection-settings", "collection-delete")
COLLECTION_CHANGES = ("collection-arrange", "collection-remove")
NOT_ONES_TO_SEE = ("private", "foreign", "missing")
TRASHED = ("own-trashed", "team-trashed")
# To a stranger even these say nothing, whereas other addresses send them to sign in.
IMAGE_FORMS = (
    "image",
    "image-file",
    "image-download",
    "image-recipe",
    "image-share",
    "image-vary",
    "images-zip",
    "collection-share",
    "approval-reference",
)
COMPARISON_PAGES = (
    ("comparison", "get"),
    ("comparison-cell", "get"),
    ("comparison-winner", "post"),
    ("comparison-retry", "post"),
)
REQUEST_PAGES = (
    ("request", "get"),
    ("request-story", "get"),
    ("request-cancel", "post"),
    ("request-retry", "post"),
)

# Open to whoever has the link; without the pass that comes with a view, its page alone is.
SHARED_PAGES = (
    ("share-more", "get"),
    ("share-image", "get"),
    ("share-file", "get"),
    ("share-report", "post"),
)
# Links that show nothing any more, also to somebody whom they let in before.
ENDED_LINKS = ("expired", "revoked", "reported", "trashed", "hidden")
LINK_STATES = ("open", "used-up", *ENDED_LINKS)
# Nor does a pass open more than what its link shows.
WRONG_PASSES = ("another-image", "another-link")

# Of a token alone; what each kind of token gets is in tests/generations/api/.
API_PAGES = (
    ("api:generate", "post", ""),
    ("api:request", "get", "own"),
    ("api:image-file", "get", "own"),
    ("api:image-recipe", "get", "own"),
    ("api:models", "get", ""),
)

TABLE = [
    *(everyone(name, method, 401, of=of, stranger=401) for name, method, of in API_PAGES),
    everyone("api:openapi-json", "get", 200, stranger=200),
    everyone("api:api-root", "get", 404, stranger=404),
    everyone("create", "get", 200),
    makers("create", 302),
    makers("composer", 200),
    makers("price", 200),
    makers("recipe-import", 422),
    *(
        Row("image-vary", method, of, (SIGN_IN, outsider, 403, status, status, status))
        for method, status in (("get", 200), ("post", 422))
        for of, outsider in (("own", status), ("team", 404))
    ),
    *(
        everyone("image-vary", method, 404, of=of)
        for method in ("get", "post")
        for of in (*NOT_ONES_TO_SEE, "own-trashed", "team-trashed")
    ),
    everyone("gallery", "get", 200),
    everyone("team-gallery", "get", 200),
    everyone("events", "get", 200, stranger=403),
    *(owned(name, method, status) for name, method, status in IMAGE_PAGES),
    *(
        team(name, method, status, of="team", reason="violence")
        for name, method, status in IMAGE_PAGES
    ),
    *(
        everyone(name, method, 404, of=of, reason="violence")
        for name, method, _ in IMAGE_PAGES
        for of in NOT_ONES_TO_SEE
    ),
    everyone("favourites", "get", 200),
    everyone("trash", "get", 200),
    *(
        everyone(name, method, status, of="own-trashed")
        for (name, method), status in TRASHED_PAGES.items()
    ),
    *(
        Row(name, method, "team-trashed", (SIGN_IN, 404, 404, 404, status, status))
        for (name, method), status in TRASHED_PAGES.items()
    ),
    *(
        everyone(name, method, 404, of=of, reason="violence")
        for name, method, _ in IMAGE_PAGES
        for of in ("own-trashed", "team-trashed")
        if (name, method) not in TRASHED_PAGES
    ),
    *(
        everyone(name, "post", 404, of=of)
        for name in ("trash-restore", "trash-delete")
        for of in ("own", "team", *NOT_ONES_TO_SEE)
    ),
    Row("images-collect", "post", "team", (SIGN_IN, 404, 403, 302, 302, 302), {"name": "New"}),
    *(
        Row("images-collect", "post", of, (SIGN_IN, 404, 403, 404, 404, 404), {"name": "New"})
        for of in NOT_ONES_TO_SEE
    ),
    everyone("collections", "get", 200),
    Row("collections", "post", "", (SIGN_IN, 404, 403, 302, 302, 302), {"name": "New"}),
    everyone("collection-choices", "get", 404),
    team("collection-choices", "get", 200, of="team"),
    team("collection", "get", 200, of="team"),
    *(
        Row(name, "post", "team", (SIGN_IN, 404, 403, 403, 302, 302), {"name": "New"})
        for name in COLLECTION_ACTIONS
    ),
    *(
        Row(name, "post", "team", (SIGN_IN, 404, 403, 302, 302, 302), {"to": "last"})
        for name in COLLECTION_CHANGES
    ),
    *(everyone("collection", "get", 404, of=of) for of in NOT_ONES_TO_SEE),
    *(
        everyone(name, "post", 404, of=of, name="New", to="last")
        for name in (*COLLECTION_ACTIONS, *COLLECTION_CHANGES)
        for of in NOT_ONES_TO_SEE
    ),
    *(
        Row("image-share", method, of, (SIGN_IN, outsider, 403, 200, 200, 200), {"days": "7"})
        for method in ("get", "post")
        for of, outsider in (("own", 200), ("team", 404))
    ),
    *(everyone("image-share", "get", 404, of=of) for of in (*NOT_ONES_TO_SEE, *TRASHED)),
    *(
        Row("collection-share", method, "team", (SIGN_IN, 404, 403, 200, 200, 200), {"days": "7"})
        for method in ("get", "post")
    ),
    *(
        everyone("collection-share", method, 404, of=of, days="7")
        for method in ("get", "post")
        for of in NOT_ONES_TO_SEE
    ),
    everyone("compare", "get", 200),
    everyone("compare", "get", 200, of="own"),
    team("compare", "get", 200, of="team"),
    *(everyone("compare", "get", 404, of=of) for of in (*NOT_ONES_TO_SEE, *TRASHED)),
    Row("images-share", "post", "team", (SIGN_IN, 404, 403, 302, 302, 302)),
    *(
        Row("images-share", "post", of, (SIGN_IN, 404, 403, 404, 404, 404))
        for of in (*NOT_ONES_TO_SEE, *TRASHED)
    ),
    everyone("images-compare", "post", 302, of="own"),
    team("images-compare", "post", 302, of="team"),
    *(everyone("images-compare", "post", 404, of=of) for of in (*NOT_ONES_TO_SEE, *TRASHED)),
    *(team(name, "get", 200, of="team") for name in ("comparison", "comparison-cell")),
    Row("comparison-winner", "post", "team", (SIGN_IN, 404, 403, 302, 302, 302)),
    Row("comparison-retry", "post", "team", (SIGN_IN, 404, 403, 302, 302, 302)),
    *(
        everyone(name, method, 404, of=of)
        for name, method in COMPARISON_PAGES
        for of in NOT_ONES_TO_SEE
    ),
    Row("compare-new", "get", "", (SIGN_IN, 200, 403, 200, 200, 200)),
    makers("compare-new", 422),
    makers("compare-price", 200),
    everyone("check", "get", 200),
    everyone("check", "post", 422),
    Row("share-links", "get", "", (SIGN_IN, 200, 403, 200, 200, 200)),
    Row("share-revoke", "post", "own", (SIGN_IN, 404, 403, 302, 302, 302)),
    Row("share-revoke", "post", "team", (SIGN_IN, 404, 403, 404, 404, 302)),
    *(
        Row("share-revoke", "post", of, (SIGN_IN, 404, 403, 404, 404, 404))
        for of in ("foreign", "missing")
    ),
    *(
        everyone("share", method, status, of=of, stranger=status)
        for method in ("get", "post")
        for of, status in (("team", 200), ("missing", 404))
    ),
    *(
        everyone("share", method, status, of=of, stranger=status)
        for method in ("get", "post")
        for of, status in (("open", 200), ("used-up", 404), *((of, 404) for of in ENDED_LINKS))
    ),
    *(
        everyone(name, method, status, of=of, stranger=status, reason="violence")
        for name, method in SHARED_PAGES
        for of, status in (
            *((of, 200) for of in ("open", "used-up")),
            *((of, 404) for of in (*ENDED_LINKS, *WRONG_PASSES, "team", "missing")),
        )
    ),
    owned("request", "get", 200),
    owned("request-story", "get", 200),
    owned("request-cancel", "post", 302),
    owned("request-retry", "post", 302, viewer=403),
    *(
        everyone(name, method, 404, of=of)
        for name, method in REQUEST_PAGES
        for of in ("team", *NOT_ONES_TO_SEE)
    ),
    everyone("team-settings", "get", 200),
    managers("team-settings", 302, admin=403, name="Southlight"),
    managers("team-invite", 302, role="member"),
    managers("invitation-revoke", 302, of="team"),
    managers("member-role", 302, of="team", role="viewer"),
    managers("member-remove", 302, of="team"),
    *(
        everyone(name, "post", 404, of=of, role="viewer")
        for name in ("invitation-revoke", "member-role", "member-remove")
        for of in ("foreign", "missing")
    ),
    everyone("usage", "get", 200),
    accountants("sources"),
    accountants("credits-move", owners_only=True),
    accountants("books"),
    operators("books-check", "post", 302),
    everyone("ledger", "get", 200),
    everyone("ledger-csv", "get", 200),
    accountants("statement", of="month"),
    accountants("statement-file", of="month"),
    accountants("statement-csv", of="month"),
    everyone("own-statement", "get", 200, of="month"),
    everyone("own-statement-csv", "get", 200, of="month"),
    owned("receipt", "get", 200),
    accountants("team-limits", owners_only=True),
    managers("team-limits", 302, admin=403, amount="5", period="day"),
    managers("role-limits", 302, admin=403),
    managers("limit-end", 302, of="team", admin=403),
    Row("api-tokens", "get", "", (SIGN_IN, 200, 403, 200, 200, 200)),
    Row("api-tokens", "post", "", (SIGN_IN, 404, 403, 200, 200, 200), {"name": "Nightly"}),
    Row("token-revoke", "post", "own", (SIGN_IN, 404, 403, 302, 302, 302)),
    Row("token-revoke", "post", "team", (SIGN_IN, 404, 403, 404, 404, 302)),
    *(
        Row("token-revoke", "post", of, (SIGN_IN, 404, 403, 404, 404, 404))
        for of in ("foreign", "missing")
    ),
    everyone("payment-hook", "post", 404, stranger=404),
    operators("prices", "get", 200),
    operators("prices-read", "post", 302),
    operators("price-decide", "post", 302, of="proposal"),
    operators("price-enter", "post", 422),
    operators("markup-set", "post", 422),
    operators("markup-end", "post", 302, of="markup"),
    accountants("approvals"),
    approvers("approval", "get", 200),
    approvers("approval-reference", "get", 200),
    approvers("approval-decide", "post", 302, verdict="approved"),
    *(
        everyone(name, method, 404, of="missing")
        for name, method in (("approval", "get"), ("approval-decide", "post"))
    ),
    everyone("approval-link", "get", 302, of="waiting", stranger=302),
    everyone("approval-link", "get", 410, of="missing", stranger=410),
    Row("credits-ask", "get", "", (SIGN_IN, 200, 403, 200, 200, 200)),
    Row(
        "credits-ask",
        "post",
        "",
        (SIGN_IN, 404, 403, 302, 302, 302),
        {"amount": "5", "words": "For the fair"},
    ),
    Row("credits-ask-withdraw", "post", "own", (SIGN_IN, 404, 403, 302, 302, 302)),
    *(
        Row("credits-ask-withdraw", "post", of, (SIGN_IN, 404, 403, 404, 404, 404))
        for of in ("waiting", "missing")
    ),
    approvers("limit-ask", "get", 200),
    approvers("limit-ask", "post", 302, verdict="granted", amount="5"),
    everyone("limit-ask", "get", 404, of="missing"),
    operators("credit-asks", "get", 200),
    operators("credit-ask-decide", "post", 422, of="waiting"),
    keepers("credit-changes", "get", 200),
    keepers("team-credits", "get", 200, of="team"),
    keepers("team-credits", "post", 422, of="team"),
    keepers("change-decide", "post", 422, of="change"),
    operators("operations-refund", "post", 422, of="team"),
    managers("team-failover", 302, admin=403, allowed="on"),
    managers("team-approval", 302, admin=403, above="5"),
    everyone("fal-hook", "post", 404, of="missing", stranger=404),
    operators("operations", "get", 200),
    operators("operations-request", "get", 200, of="team"),
    operators("operations-read", "post", 200, of="team"),
    operators("operations-do", "post", 302, of="team"),
    *(
        everyone(name, method, 404, of="missing")
        for name, method in (
            ("operations-request", "get"),
            ("operations-read", "post"),
            ("operations-do", "post"),
        )
    ),
    operators("circuit-try", "post", 302, of="missing"),
    operators("reconciliation", "get", 200),
    operators("reconciliation-run", "post", 302),
    operators("reconciliation-resolve", "post", 422),
    team("team-switch", "post", 302),
    everyone("team-new", "get", 200),
    everyone("team-new", "post", 302, name="Second Light"),
    everyone("welcome", "get", 302),
    everyone("keyboard", "get", 200),
    everyone("keyboard", "post", 302, shortcuts="on"),
    everyone("theme", "post", 302, stranger=302, theme="dark"),
    everyone("invitation", "get", 200, of="team", stranger=200),
    everyone("invitation", "post", 302, of="team", stranger=200),
    everyone("invitation", "get", 404, of="missing", stranger=404),
    everyone("login-link", "get", 410, of="missing", stranger=410),
    everyone("account_login", "get", 302, stranger=200),
    everyone("account_signup", "get", 302, stranger=200),
    everyone("account_logout", "get", 200, stranger=302),
    everyone("account_logout", "post", 302, stranger=302),
    everyone("account_inactive", "get", 200, stranger=200),
    everyone("account_reauthenticate", "get", 200),
    everyone("account_confirm_login_code", "get", 302, stranger=302),
    everyone("account_email_verification_sent", "get", 200, stranger=200),
    everyone("account_confirm_email", "get", 200, of="missing", stranger=200),
    everyone("account_email", "get", 200),
    everyone("account_change_password", "get", 200),
    everyone("account_set_password", "get", 302),
    everyone("account_reset_password", "get", 200, stranger=200),
    everyone("account_reset_password_done", "get", 200, stranger=200),
    everyone("account_reset_password_from_key", "get", 200, of="missing", stranger=200),
    everyone("account_reset_password_from_key_done", "get", 200, stranger=200),
]
TABLE = [
    replace(row, answers=(404, *row.answers[1:])) if _is_of_images(row) else row for row in TABLE
]
# What has several files answers alike for each.
TABLE += [
    *(replace(row, file="original") for row in TABLE if row.name == "image-file"),
    *(replace(row, file="download") for row in TABLE if row.name == "share-file"),
    *(
        replace(row, form={**row.form, "kind": kind})
        for row in TABLE
        if row.name == "image-download"
        for kind in ("jpeg", "png", "webp")
    ),
]
