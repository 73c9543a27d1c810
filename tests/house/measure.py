"""Measurements of the code base: `make house` prints them, and the house tests hold them.

Everything is read from the files that git tracks, but for the chains of imports, which grimp reads.
"""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGES = ("data", "features", "models", "training", "serving")
DIALECT = ("told", "said", "asked", "wanted", "came", "found", "known", "seen", "kept", "given")
QUESTION = re.compile(r"(What|How|Which|Who|Whose|Why|When|Whether|Where)\b")
MAX_POSITIONAL = 4
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class SourceFile:
    """One Python file of the product.

    Attributes:
        path: Relative to the root of the repository.
        text: Its content.
        tree: Its syntax tree.
    """

    path: Path
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """Its dotted name; a package's is that of its folder."""
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def lines(self) -> int:
        """Its length."""
        return self.text.count("\n")

    def definitions(self, *kinds: type) -> Iterator[Definition]:
        """Yield all definitions of some kinds, nested ones too."""
        return (node for node in ast.walk(self.tree) if isinstance(node, kinds))

    def documented(self) -> Iterator[tuple[str, str]]:
        """Yield the name and the docstring of the module and of each class and function."""
        nodes = [self.tree, *self.definitions(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)]
        for node in nodes:
            yield getattr(node, "name", self.module), ast.get_docstring(node) or ""


class Binding(NamedTuple):
    """One place that gives something a name."""

    name: str
    line: int


def tracked(*patterns: str) -> list[Path]:
    """Return the paths that git tracks, relative to the root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = (Path(name) for name in listed.stdout.split("\0") if name)
    return sorted({path for path in paths if (ROOT / path).is_file()})


@cache
def sources() -> tuple[SourceFile, ...]:
    """Return all Python files of the product."""
    texts = {
        path: (ROOT / path).read_text(encoding="utf-8")
        for path in tracked("*.py")
        if path.parts[0] in PACKAGES
    }
    return tuple(SourceFile(path, text, ast.parse(text)) for path, text in texts.items())


def files_by_folder() -> dict[str, int]:
    """Count the Python files of each folder, `__init__.py` left out."""
    counts: dict[str, int] = defaultdict(int)
    for file in sources():
        counts[file.path.parent.as_posix()] += file.path.name != "__init__.py"
    return {folder: count for folder, count in counts.items() if count}


def function_lengths() -> list[int]:
    """Return the lines of each function, without those of its docstring."""
    return [
        _end(node) - node.lineno + 1 - _docstring_lines(node)
        for file in sources()
        for node in file.definitions(ast.FunctionDef, ast.AsyncFunctionDef)
    ]


def classes_by_name() -> dict[str, list[str]]:
    """Return the files that define each class name."""
    files: dict[str, list[str]] = defaultdict(list)
    for file in sources():
        for node in file.definitions(ast.ClassDef):
            files[node.name].append(file.path.as_posix())
    return dict(files)


def question_docstrings() -> list[str]:
    """Return the files whose module docstring opens with a question word."""
    return [
        file.path.as_posix()
        for file in sources()
        if QUESTION.match(ast.get_docstring(file.tree) or "")
    ]


def public_functions() -> list[bool]:
    """Return for each public function of a module or class whether it has a docstring."""
    return [
        ast.get_docstring(node) is not None
        for file in sources()
        for holder in (file.tree, *file.definitions(ast.ClassDef))
        for node in holder.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
    ]


def bindings(file: SourceFile) -> Iterator[Binding]:
    """Yield every name that a file gives to a variable, parameter, attribute or definition."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield Binding(node.id, node.lineno)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield Binding(node.attr, node.lineno)
        elif isinstance(node, ast.arg):
            yield Binding(node.arg, node.lineno)
        elif isinstance(node, Definition):
            yield Binding(node.name, node.lineno)


def words_per_10_000_lines(words: Iterable[str]) -> dict[str, float]:
    """Count words in the files of the product, code and text alike, per 10,000 lines."""
    text = "\n".join(file.text for file in sources())
    lines = sum(file.lines for file in sources())
    return {word: len(re.findall(rf"\b{word}\b", text)) * 10_000 / lines for word in words}


def bare_tuples() -> list[str]:
    """Return the functions whose annotation promises two values or more without names."""
    return [
        f"{file.path}:{node.lineno} {node.name}"
        for file in sources()
        for node in file.definitions(ast.FunctionDef, ast.AsyncFunctionDef)
        if _is_bare_tuple(node.returns)
    ]


def long_calls() -> list[str]:
    """Return the calls of five positional arguments or more; compiled code knows no others."""
    return [
        f"{file.path}:{node.lineno}"
        for file in sources()
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Call)
        and len(node.args) > MAX_POSITIONAL
        and not any(isinstance(value, ast.Starred) for value in node.args)
    ]


def longest_chain(package: str) -> list[str]:
    """Return the longest chain of imports among the modules of a package, importer first."""
    import grimp

    sys.path.insert(0, str(ROOT))
    graph = grimp.build_graph(package, cache_dir=None)

    @cache
    def chain(module: str) -> tuple[str, ...]:
        below = (chain(name) for name in graph.find_modules_directly_imported_by(module))
        return (module, *max(below, key=len, default=()))

    return list(max((chain(module) for module in graph.modules), key=len))


def _is_bare_tuple(annotation: ast.expr | None) -> bool:
    return (
        isinstance(annotation, ast.Subscript)
        and isinstance(annotation.value, ast.Name)
        and annotation.value.id == "tuple"
        and isinstance(annotation.slice, ast.Tuple)
        and not (
            isinstance(annotation.slice.elts[-1], ast.Constant)
            and annotation.slice.elts[-1].value is Ellipsis
        )
    )


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _docstring_lines(node: Definition) -> int:
    first = node.body[0]
    return _end(first) - first.lineno + 1 if ast.get_docstring(node) else 0


def _spread(numbers: list[int]) -> str:
    return f"{median(numbers):.0f} / {quantiles(numbers, n=10)[-1]:.0f} / {max(numbers)}"


def _rows() -> Iterator[tuple[str, str]]:
    folders = files_by_folder()
    classes = classes_by_name()
    repeated = [name for name, files in classes.items() if len(files) > 1]
    words = words_per_10_000_lines(DIALECT)
    public = public_functions()
    yield "Python files, folders", f"{len(sources())}, {len(folders)}"
    fullest = max(folders, key=folders.__getitem__)
    yield "files in the fullest folder", f"{folders[fullest]} ({fullest})"
    yield "files in the median folder", f"{median(folders.values()):.0f}"
    yield "lines of a file: median / p90 / max", _spread([file.lines for file in sources()])
    yield "lines of a function: median / p90 / max", _spread(function_lengths())
    yield "public functions with a docstring", f"{sum(public) / len(public):.0%}"
    yield "class names defined twice or more", f"{len(repeated)} of {len(classes)}"
    yield "module docstrings that open with a question word", str(len(question_docstrings()))
    yield "ten dialect words per 10,000 lines", f"{sum(words.values()):.0f}"
    yield "of these", ", ".join(f"{word} {count:.0f}" for word, count in words.items())
    yield "functions that return a bare tuple", str(len(bare_tuples()))
    yield f"calls of more than {MAX_POSITIONAL} positional arguments", str(len(long_calls()))
    for package in ("training", "serving"):
        chain = longest_chain(package)
        yield f"longest chain of imports in {package}/", f"{len(chain)} modules"


def main() -> None:
    """Print the measurements as a table."""
    print("| measure | value |\n|---|---|")  # noqa: T201 - a program
    for name, value in _rows():
        print(f"| {name} | {value} |")  # noqa: T201 - a program


if __name__ == "__main__":
    main()
