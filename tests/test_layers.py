"""Who may import whom, read from the sources themselves; and what every module of the package keeps to."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "appliance"
MODULES = sorted(PACKAGE.rglob("*.py"))
GROUND = {"errors", "clock", "crypto", "query", "kinds", "logs", "interfaces", "private_keys", "__version__"}
# A layer and what it may import beside itself. What has no row (app, cli, server …) is above all, imported by no layer.
MAY_IMPORT = {
    **dict.fromkeys(GROUND, GROUND),
    "store": GROUND,
    "domain": GROUND | {"store"},
    "remote": GROUND | {"store", "domain"},
    "work": GROUND | {"store", "domain", "remote"},
    "terminal": GROUND | {"store", "domain", "remote"},
    # tokens and keys say who is asking, duties what he has to do first, usage counts what keys do
    "web": GROUND | {"store", *(f"domain.{name}" for name in ("access", "audit", "tokens", "keys", "duties", "usage"))},
    "dialects": GROUND | {"store.Tx", "store.Row", "domain", "web"},  # store: the two names that annotations need
}


def imports(module: Path) -> Iterator[str]:
    """Everything a module imports, as dotted names, those inside functions too."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are written in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def inner_imports(module: Path) -> list[str]:
    """What a module imports of the package itself, named from inside it: "store.Tx"."""
    return [name.removeprefix("appliance.") for name in imports(module) if name.startswith("appliance.")]


def within(name: str, allowed: set[str]) -> bool:
    return any(f"{name}.".startswith(f"{prefix}.") for prefix in allowed)


def layer(module: Path) -> str:
    return module.relative_to(PACKAGE).with_suffix("").parts[0]


def of_layer(name: str) -> list[Path]:
    return [module for module in MODULES if layer(module) == name]


@pytest.mark.parametrize("name", sorted(MAY_IMPORT))
def test_a_layer_imports_only_the_layers_below_it(name: str) -> None:
    allowed = MAY_IMPORT[name] | {name}
    wrong = {str(module): [n for n in inner_imports(module) if not within(n, allowed)] for module in of_layer(name)}
    assert not {module: names for module, names in wrong.items() if names}


def test_dialects_do_not_import_one_another() -> None:
    for module in of_layer("dialects"):
        own = ".".join(module.relative_to(PACKAGE).with_suffix("").parts[:2])
        others = [name for name in inner_imports(module) if name.startswith("dialects.") and not within(name, {own})]
        assert not others, f"{module} imports {others}"


def test_the_wiring_is_imported_by_commands_only() -> None:
    importers = {layer(module) for module in MODULES if any(within(n, {"app", "cli"}) for n in inner_imports(module))}
    assert importers <= {"__main__", "cli", "commands"}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(PACKAGE)))
def test_a_module_says_what_it_is_for_and_draws_randomness_from_secrets_only(module: Path) -> None:
    assert ast.get_docstring(ast.parse(module.read_text())), "no docstring"
    assert not [name for name in imports(module) if within(name, {"random"})]


def test_every_library_that_is_imported_is_a_declared_dependency() -> None:
    declared = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {line.partition("==")[0].lower() for line in declared}
    known = sys.stdlib_module_names | {"appliance"}
    foreign = {name.partition(".")[0] for module in MODULES for name in imports(module)} - known
    providers = packages_distributions()
    assert {name for name in foreign if names.isdisjoint(found.lower() for found in providers.get(name, []))} == set()
