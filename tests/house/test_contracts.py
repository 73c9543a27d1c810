"""The tables of folders in ARCHITECTURE.md say what the import contracts hold."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
CONTRACTS = {
    contract["id"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
}
FLOORS = {c["containers"][0]: c for c in CONTRACTS.values() if "containers" in c}
TOP = ["data", "features", "models", "training", "serving"]


def code(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def parts(layer: str) -> list[str]:
    return sorted(name.strip(" ()") for name in layer.split("|"))


def may_import(folder: str) -> str:
    """Return what the contracts let a top folder import, as the table writes it."""
    layers = [parts(layer) for layer in CONTRACTS["layers"]["layers"]]
    floor = next(i for i, layer in enumerate(layers) if folder in layer)
    below = sorted(name for layer in layers[floor + 1 :] for name in layer)
    words = CONTRACTS["words"]
    if folder in words["source_modules"]:
        hidden = {name.removeprefix("data.") for name in words["forbidden_modules"]}
        inside = {name for layer in FLOORS["data"]["layers"] for name in parts(layer)}
        below[below.index("data")] = "data"
        rest = code(sorted(inside - hidden - {"__main__"}))
        return code(below).replace("`data`", f"`data` ({rest})")
    return code(below) or "nothing of ours"


@pytest.mark.parametrize("folder", TOP)
def test_a_row_of_the_table_of_folders_says_what_its_contract_allows(folder):
    row = next(line for line in ARCHITECTURE.splitlines() if line.startswith(f"| `{folder}/` | "))
    assert row.split(" | ")[-1].removesuffix(" |") == may_import(folder)


@pytest.mark.parametrize("container", TOP)
def test_the_floors_of_a_folder_are_those_of_its_contract(container):
    floors = "; ".join(code(parts(layer)) for layer in FLOORS[container]["layers"])
    assert f"| `{container}/` | {floors} |" in ARCHITECTURE.splitlines()


@pytest.mark.parametrize("container", FLOORS)
def test_every_module_of_a_folder_with_floors_stands_on_one(container):
    assert FLOORS[container].get("exhaustive") is True
