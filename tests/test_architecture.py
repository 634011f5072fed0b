"""The rooms' rules, read from the source. Each failure says where, and what to do instead."""

import ast
import re
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from config.paths import BASE

Function = ast.FunctionDef | ast.AsyncFunctionDef

EVERYWHERE = ("config", "accounts", "generations")
TASKS = ("accounts.tasks", "generations.tasks")
SERVICES = ("accounts.services", "generations.services")
MODELS = ("accounts.models", "generations.models")
PAGES = tuple(
    f"{app}.{module}"
    for app in ("accounts", "generations")
    for module in (
        "views",
        "api",
        "forms",
        "form_fields",
        "agreed_form",
        "report_form",
        "collection_form",
        "comparison_form",
        "download_form",
        "share_form",
        "check_form",
        "import_form",
        "admin",
        "management",
        "urls",
    )
)
PROVIDERS = "generations.providers"
SANDBOX = "generations.sandbox"
STORAGE = "generations.storage"
ENQUEUE = "generations.enqueue"
LEDGER = (
    "accounts.services.ledger",
    "accounts.services.funds",
    "accounts.services.lots",
    "accounts.services.freezing",
    "accounts.services.statements",
    "accounts.services.fund_statements",
    "accounts.services.past",
)
CATALOG = ("generations.catalog", "generations.parameters", "generations.pricing")
LEAVES = (
    *CATALOG,
    "generations.catalog_fal",
    "generations.catalog_models",
    "generations.catalog_types",
    "generations.fal_parameters",
    "generations.flux_parameters",
    "generations.references",
    "generations.renditions",
    "generations.containers",
    "generations.provenance",
    "generations.events",
    PROVIDERS,
    STORAGE,
    ENQUEUE,
)
# What accounts offers to generations.
OFFERED = ("models", "services", "permissions", "access", "errors", "money")

CREDIT_ROWS = {"CreditAccount", "Hold", "LedgerEntry", "Lot", "LotAllocation"}
CREDIT_TABLES = re.compile(r"accounts_(creditaccount|hold|ledgerentry|lot|lotallocation)\b")
CHECK = {
    "accounts.services.ledger_check",
    "accounts.services.violations",
    "accounts.services.violations_in_order",
    "accounts.services.violations_in_time",
    "generations.services.agreements",
}
CREATES = {"create", "acreate", "bulk_create", "get_or_create", "update_or_create"}
CHANGES = {"update", "aupdate", "bulk_update", "save", "delete", "update_or_create"}
VIEW_LINES = 20
TASK_LINES = 8
# Models exist only once every app is loaded; this one runs at the end of a migration.
IMPORTS_INSIDE = {
    "accounts.apps.open_house_accounts",
    "generations.apps.open_price_book",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Modules under `who` import nothing under `never`, `but` for what stands there."""

    who: Sequence[str]
    never: Sequence[str]
    instead: str
    but: Sequence[str] = ()
    besides: Sequence[str] = ()


CELERY_IS_SET_UP = ("config.broker", "config.calendar", "config.celery", "config.settings")
RULES = [
    Rule(
        who=["accounts"],
        never=["generations"],
        instead="pass an opaque reference: accounts knows no generations",
    ),
    Rule(
        who=["config"],
        never=["accounts", "generations"],
        but=["accounts.services"],
        instead="name the app in a string",
    ),
    Rule(
        who=["generations"],
        never=["accounts"],
        but=[f"accounts.{module}" for module in OFFERED],
        instead="go through accounts' models, services, permissions, access and errors",
    ),
    Rule(who=EVERYWHERE, never=TASKS, instead="send its name through enqueue"),
    Rule(who=SERVICES, never=PAGES, instead="return a value or raise an error for the view"),
    Rule(who=MODELS, never=[*SERVICES, *PAGES], instead="move the step into a service"),
    Rule(who=LEAVES, never=[*SERVICES, *MODELS, *PAGES], instead="let the service hand it in"),
    Rule(
        who=[PROVIDERS],
        never=[""],
        but=[PROVIDERS, "httpx", "httpcore", "PIL", "cryptography", *sys.stdlib_module_names],
        instead="hand it in: the provider client imports httpx and itself",
    ),
    Rule(
        who=[SANDBOX],
        never=["django", "celery", "config", "accounts", "generations"],
        but=[SANDBOX, *CATALOG],
        instead="read it from the catalog: the sandbox has no Django",
    ),
    Rule(
        who=EVERYWHERE,
        besides=[
            "config.celery",
            "config.broker",
            "config.calendar",
            "config.settings",
            ENQUEUE,
            *TASKS,
        ],
        never=["celery", "kombu"],
        instead="send through enqueue, run in tasks",
    ),
    Rule(
        who=EVERYWHERE,
        besides=[STORAGE],
        never=["boto3", "botocore", "storages"],
        instead="ask generations.storage",
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.instead)
def test_imports_go_one_way(rule: Rule) -> None:
    assert all(any(_is_under(module, [who]) for module in _sources()) for who in rule.who)
    wrong = [
        f"{module} imports {name}"
        for module, name in _imports()
        if _is_under(module, rule.who)
        and not _is_under(module, rule.besides)
        and _is_under(name, rule.never)
        and not _is_under(name, rule.but)
    ]
    _expect_none(wrong, instead=rule.instead)


def test_no_import_hides_inside_a_function() -> None:
    hiding = {
        f"{module}.{function.name}"
        for module, function in _functions()
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(function))
    }
    _expect_none(
        hiding - IMPORTS_INSIDE, instead="move what both need into a module that neither owns"
    )


def test_only_the_ledger_writes_credit_rows() -> None:
    wrong = [
        where
        for where, call in _calls(besides=LEDGER)
        if _method(call) in CREATES | CHANGES | CREDIT_ROWS and CREDIT_ROWS & _names(call.func)
    ]
    _expect_none(wrong, instead="use the ledger's grant, hold, capture and release")


def test_only_the_ledger_and_its_check_name_credit_tables() -> None:
    wrong = [module for module, text in _sources().items() if CREDIT_TABLES.search(text)]
    _expect_none(
        set(wrong) - {*LEDGER, *CHECK},
        instead="use the ledger's grant, hold, capture and release",
    )


def test_only_services_write_a_status() -> None:
    wrong = [where for where, node in _nodes(besides=SERVICES) if _writes_status(node)]
    _expect_none(wrong, instead="call the service that makes this move")


def test_only_one_module_moves_requests() -> None:
    wrong = [
        where
        for where, call in _calls(besides=["generations.services.states"])
        if _method(call) in CHANGES
        and _writes_status(call)
        and "GenerationRequest" in _names(call.func)
    ]
    _expect_none(wrong, instead="use states.move, which knows the allowed moves")


def test_only_enqueue_sends_messages() -> None:
    senders = {"send_task", "apply_async"}
    wrong = [where for where, call in _calls(besides=[ENQUEUE]) if _method(call) in senders]
    _expect_none(wrong, instead="add a sender to generations/enqueue.py")


def test_views_stay_thin() -> None:
    wrong = [
        f"{module}.{function.name}: {_length(function)} lines"
        for module, function in _functions()
        if "views" in module.split(".") and _length(function) > VIEW_LINES
    ]
    _expect_none(wrong, instead="look up, form, one service, answer; name the rest")


def test_tasks_are_a_fetch_and_one_service_call() -> None:
    wrong = [
        f"{module}.{function.name}: {_length(function)} lines"
        for module, function in _functions()
        if any("shared_task" in _names(decorator) for decorator in function.decorator_list)
        and _length(function) > TASK_LINES
    ]
    _expect_none(wrong, instead="move the work into a service")


def test_no_comment_of_a_template_is_a_text() -> None:
    """Django reads `{# #}` within one line only; over two of them it is shown to people."""
    wrong = [
        f"{path.relative_to(BASE)}:{number}"
        for path in (BASE / "templates").rglob("*.*")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if line.count("{#") != line.count("#}")
    ]
    _expect_none(wrong, instead="write {% comment %} and {% endcomment %} around it")


def _expect_none(wrong: Collection[str], *, instead: str) -> None:
    assert not wrong, "\n".join(["", *sorted(wrong), f"Instead: {instead}."])


def _is_under(name: str, prefixes: Sequence[str]) -> bool:
    return any(not prefix or f"{name}.".startswith(f"{prefix}.") for prefix in prefixes)


@cache
def _sources() -> dict[str, str]:
    return {
        _module(path): path.read_text()
        for room in EVERYWHERE
        for path in (BASE / room).rglob("*.py")
        if "migrations" not in path.parts
    }


def _module(path: Path) -> str:
    return ".".join(path.relative_to(BASE).with_suffix("").parts).removesuffix(".__init__")


@cache
def _trees() -> dict[str, ast.Module]:
    return {module: ast.parse(text) for module, text in _sources().items()}


def _imports() -> Iterator[tuple[str, str]]:
    for module, tree in _trees().items():
        for node in ast.walk(tree):
            match node:
                case ast.Import(names=names):
                    yield from ((module, alias.name) for alias in names)
                case ast.ImportFrom(module=str(source), names=names):
                    yield from ((module, f"{source}.{alias.name}") for alias in names)


def _functions() -> Iterator[tuple[str, Function]]:
    for module, tree in _trees().items():
        yield from ((module, node) for node in ast.walk(tree) if isinstance(node, Function))


def _nodes(*, besides: Sequence[str]) -> Iterator[tuple[str, ast.expr | ast.stmt]]:
    for module, tree in _trees().items():
        if not _is_under(module, besides):
            for node in ast.walk(tree):
                if isinstance(node, ast.expr | ast.stmt):
                    yield f"{module}:{node.lineno}", node


def _calls(*, besides: Sequence[str]) -> Iterator[tuple[str, ast.Call]]:
    for where, node in _nodes(besides=besides):
        if isinstance(node, ast.Call):
            yield where, node


def _length(function: Function) -> int:
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    return (function.end_lineno or first) - first + 1


def _method(call: ast.Call) -> str:
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _names(node: ast.AST) -> set[str]:
    return {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}


def _writes_status(node: ast.AST) -> bool:
    match node:
        case ast.Assign(targets=targets):
            return any(isinstance(to, ast.Attribute) and to.attr == "status" for to in targets)
        case ast.Call() if _method(node) in CREATES | CHANGES:
            return any(keyword.arg == "status" for keyword in node.keywords)
    return False
