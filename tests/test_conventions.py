"""House rules that a machine can check: it walks the syntax trees, the templates and the file names."""

from __future__ import annotations

import ast
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from django.apps import apps
from django.template import TemplateSyntaxError, engines

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("telehealth", "sessions", "realtime", "frontend")
NOT_OURS = {"node_modules", "dist", "var", "requirements", "__pycache__", "test-results"}
HARD_LINE_LIMIT = 500
# Modules that speak with people or sockets: they get objects from selectors and change them through services.
ADAPTERS = ("views", "api", "consumers", "tasks", "urls")
SMALLEST_NUMBER_OF_FILES = 50

pytestmark = pytest.mark.filterwarnings("error")


@cache
def files(*suffixes: str) -> tuple[Path, ...]:
    """List our files by ending, without what is built, installed or locked."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in NOT_OURS and not name.startswith(".")]
        found += [Path(folder) / name for name in names if not suffixes or name.endswith(suffixes)]
    return tuple(sorted(found))


def python_files(*tops: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in files(".py"):
        if relative(path).parts[0] in tops:
            yield path, tree_of(path)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def relative(path: Path) -> Path:
    return path.relative_to(ROOT)


def is_adapter(path: Path) -> bool:
    parts = relative(path).with_suffix("").parts[1:]
    return any(part in ADAPTERS or part.endswith(("_views", "_consumer")) for part in parts)


def imported(tree: ast.Module, path: Path) -> Iterator[str]:
    """Give the dotted name of every module imported anywhere in a file, relative ones resolved."""
    package = list(relative(path).parts[:-1])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            yield stem
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def places(wrong: Callable[[ast.AST], bool], *tops: str, only: Callable[[Path], bool]) -> list[str]:
    return [
        f"{relative(path)}:{getattr(node, 'lineno', 0)}"
        for path, tree in python_files(*tops)
        if only(path)
        for node in ast.walk(tree)
        if wrong(node)
    ]


def test_the_walk_sees_the_code() -> None:
    assert len(list(python_files(*PACKAGES))) > SMALLEST_NUMBER_OF_FILES
    assert any(is_adapter(path) for path, _ in python_files(*PACKAGES))


def test_views_consumers_and_tasks_never_reach_for_objects_themselves() -> None:
    def wrong(node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and node.attr == "objects"

    assert places(wrong, *PACKAGES, only=is_adapter) == []


def test_views_consumers_and_tasks_never_import_rules() -> None:
    found = [
        f"{relative(path)}: {name}"
        for path, tree in python_files(*PACKAGES)
        if is_adapter(path)
        for name in imported(tree, path)
        if "rules" in name.split(".")
    ]
    assert found == []


def test_models_never_import_services() -> None:
    found = [
        f"{relative(path)}: {name}"
        for path, tree in python_files(*PACKAGES)
        if "models" in relative(path).with_suffix("").parts
        for name in imported(tree, path)
        if {"services", "selectors", "views"} & set(name.split("."))
    ]
    assert found == []


def test_migrations_never_import_models() -> None:
    found = [
        f"{relative(path)}: {name}"
        for path, tree in python_files(*PACKAGES)
        if path.parent.name == "migrations"
        for name in imported(tree, path)
        if name.split(".")[0] in PACKAGES and "models" in name.split(".")
    ]
    assert found == []


def test_select_related_always_names_its_relations() -> None:
    def wrong(node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "select_related"
            and not node.args
        )

    assert places(wrong, *PACKAGES, only=lambda path: True) == []


def test_rows_are_locked_in_one_place_only() -> None:
    def wrong(node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and node.attr == "select_for_update"

    def elsewhere(path: Path) -> bool:
        return relative(path) != Path("telehealth/core/locking.py")

    assert places(wrong, *PACKAGES, only=elsewhere) == []


def test_services_take_their_actor_by_name() -> None:
    def wrong(node: ast.AST) -> bool:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            return False
        positional = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        return "actor" in positional and "self" not in positional

    def is_service(path: Path) -> bool:
        return "services" in relative(path).with_suffix("").parts

    assert places(wrong, "telehealth", "sessions", only=is_service) == []


def test_the_relay_imports_nothing_of_ours_but_the_wire() -> None:
    found = [
        f"{relative(path)}: {name}"
        for path, tree in python_files("realtime")
        if relative(path).parts[1] == "relay"
        for name in imported(tree, path)
        if name.split(".")[0] in (*PACKAGES, "django", "channels")
        and name != "realtime"
        and not name.startswith(("realtime.relay", "realtime.wire"))
    ]
    assert found == []


def test_the_realtime_package_itself_stays_empty() -> None:
    assert (ROOT / "realtime" / "__init__.py").read_text(encoding="utf-8").strip() == ""


def test_the_group_sessions_have_labels_and_tables_of_their_own() -> None:
    assert apps.get_app_config("iop").name == "sessions"
    assert apps.get_app_config("sessions").name == "django.contrib.sessions"
    tables = {model._meta.db_table for model in apps.get_app_config("iop").get_models()}
    assert tables
    assert {table for table in tables if not table.startswith("iop_")} == set()


def test_no_test_sleeps() -> None:
    def wrong(node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Attribute)
            and node.attr == "sleep"
            and isinstance(node.value, ast.Name)
            and node.value.id == "time"
        )

    # The commands of tests/load send by the clock; their tests, like all others, wait for what happens.
    def is_test(path: Path) -> bool:
        return path != Path(__file__) and (path.name.startswith("test_") or "load" not in path.parts)

    assert places(wrong, "tests", only=is_test) == []


def test_no_test_replaces_our_own_functions() -> None:
    found = [
        f"{relative(path)}: {name}"
        for path, tree in python_files("tests")
        for name in imported(tree, path)
        if name.startswith("unittest.mock")
    ]
    assert found == []


def test_files_stay_small() -> None:
    long = {
        str(relative(path)): len(path.read_text(encoding="utf-8").splitlines())
        for path in files(".py", ".ts", ".css", ".html")
        # Made by the build, and made by Django.
        if path.name != "wire.ts" and path.parent.name != "migrations"
    }
    assert {name: lines for name, lines in long.items() if lines > HARD_LINE_LIMIT} == {}


def test_every_template_compiles() -> None:
    folder = ROOT / "frontend" / "templates"
    names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix in {".html", ".txt"}]
    assert names
    broken = []
    for name in names:
        try:
            engines["django"].get_template(name)
        except TemplateSyntaxError as error:
            broken.append(f"{name}: {error}")
    assert broken == []


def test_templates_hold_no_code_without_a_nonce() -> None:
    script = re.compile(r"<script\b[^>]*>", re.IGNORECASE)
    handler = re.compile(r"<[a-z][^>]*\s(?:on[a-z]+|hx-on[:a-z-]*)\s*=|javascript:", re.IGNORECASE)
    found = []
    for path in files(".html"):
        text = path.read_text(encoding="utf-8")
        tags = script.findall(text)
        if handler.search(text) or any("nonce=" not in tag and "src=" not in tag for tag in tags):
            found.append(str(relative(path)))
    assert found == []


def test_nothing_is_loaded_from_other_hosts() -> None:
    foreign = re.compile(r"(?:src|href)=[\"'](?:https?:)?//|@import\s+(?:url\()?[\"']?https?:", re.IGNORECASE)
    found = [
        str(relative(path))
        for path in files(".html", ".css")
        if foreign.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_no_file_names_a_machine_or_a_package_registry() -> None:
    # Put together here, so that this file does not name them either.
    words = ["/" + "work/", "/" + "root/", "registry." + "npmjs", "pypi" + ".org", "python" + "hosted"]
    found = [
        f"{relative(path)}: {word}"
        for path in files()
        if path.suffix not in {".png", ".ico", ".woff2", ".bin", ".jpg"}
        for text in [path.read_text(encoding="utf-8", errors="replace")]
        for word in words
        if word in text
    ]
    assert found == []


def test_locks_name_no_index() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert [lock.name for lock in locks] == ["base.txt", "dev.txt", "node.txt"]
    for lock in locks:
        text = lock.read_text(encoding="utf-8")
        assert "--hash=sha256:" in text
        assert re.search(r"https?://|^--(?!hash)|@ file:", text, re.MULTILINE) is None


def test_every_dependency_is_accounted_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    names = {re.split(r"[\[<>=~! ]", line)[0].lower() for line in listed}
    package = json.loads((ROOT / "frontend" / "package.json").read_text(encoding="utf-8"))
    names |= set(package.get("dependencies", {})) | set(package.get("devDependencies", {}))
    decision = (ROOT / "docs" / "adr" / "0002-dependencies.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `([^`]+)`", decision, re.MULTILINE))
    assert names - rows == set(), "a dependency without its line in docs/adr/0002-dependencies.md"
    assert rows - names == set(), "a line in docs/adr/0002-dependencies.md without its dependency"


def test_every_management_command_is_tested() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in files(".py") if "tests" in path.parts)
    commands = [
        path.stem
        for path, _ in python_files(*PACKAGES)
        if path.parent.name == "commands" and not path.stem.startswith("_")
    ]
    assert commands
    assert [name for name in commands if not re.search(rf"[\"']{name}[\"']", tests)] == []


def test_every_test_folder_holds_tests() -> None:
    folders = {path.parent for path in files(".py") if relative(path).parts[0] == "tests"}
    without = [
        str(relative(folder))
        for folder in folders
        if not any(folder.rglob("test_*.py")) and folder.name != "support"
    ]
    assert without == []


def test_unfinished_work_is_an_issue_and_not_a_comment() -> None:
    mark = re.compile("TO" + r"DO(?!\(#\d+\))|FIX" + "ME")
    found = [
        str(relative(path))
        for path in files(".py", ".ts", ".html", ".css", ".md")
        if mark.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_documents_point_at_files_that_exist() -> None:
    link = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")
    found = [
        f"{relative(path)}: {target}"
        for path in files(".md")
        for target in link.findall(path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]
    assert found == []
