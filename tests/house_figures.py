"""`python -m tests.house_figures [ROOT]`: what the code is like to live in, as figures (also of an earlier checkout).

Own Python of marketplace/ and workers/; tests are those of tests/. A one-word class name has one capital, as `Bid`.
"""

import ast
import io
import re
import sys
import tokenize
from collections import Counter, defaultdict
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("marketplace", "workers")
_PRAGMA = re.compile(r"# ?(fmt|type|noqa)\b")


def main(root: Path) -> None:
    """Print the figures, and the fullest folders with their modules and lines."""
    sources = sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.py"))
    texts = {path: path.read_text(encoding="utf-8") for path in sources}
    trees = {path: ast.parse(text) for path, text in texts.items()}
    lines = sum(text.count("\n") for text in texts.values())
    sizes = sorted(text.count("\n") for text in texts.values())
    functions = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    tests = sum(path.read_text(encoding="utf-8").count("\n") for path in (root / "tests").rglob("*.py"))
    annotations = sum(len(re.findall(r"\bAny\b", text)) for text in texts.values())
    print(f"files {len(texts)}, lines {lines}, test lines {tests}, test lines per line {tests / lines:.2f}")
    print(f"file median / p90 / max lines {_spread(sizes)}")
    print(f"function median / p90 / max lines {_spread(functions)}")
    _print_classes(trees)
    print(f"Any per 1,000 lines {1000 * annotations / lines:.1f}")
    print(f"dict[str, Any] per 1,000 lines {1000 * sum(t.count('dict[str, Any]') for t in texts.values()) / lines:.1f}")
    print(f"comments per 1,000 lines {1000 * sum(map(_comments, texts.values())) / lines:.1f}")
    print(f"fmt: skip {sum(text.count('fmt: skip') for text in texts.values())}")
    folders = Counter(path.parent for path in sources if path.name != "__init__.py")
    for folder, count in folders.most_common(12):
        inside = sum(text.count("\n") for path, text in texts.items() if path.parent == folder)
        print(f"{count:4} modules {inside:6} lines  {folder.relative_to(root)}")


def _spread(sizes: list[int]) -> str:
    return f"{median(sizes):g} / {sizes[int(0.9 * len(sizes))]} / {sizes[-1]}"


def _print_classes(trees: dict[Path, ast.Module]) -> None:
    places = defaultdict(set)
    names = []
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                names.append(node.name)
                places[node.name].add(path)
    one_word = sum(re.fullmatch(r"_?[A-Z][a-z0-9]*", name) is not None for name in names)
    twice = sum(len(files) > 1 for files in places.values())
    print(f"classes {len(names)}, of one word {100 * one_word / len(names):.1f} %")
    print(f"class names in two or more modules {twice} ({100 * twice / len(places):.1f} %)")


def _comments(text: str) -> int:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return sum(token.type == tokenize.COMMENT and _PRAGMA.match(token.string) is None for token in tokens)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT)
