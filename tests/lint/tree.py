# SPDX-License-Identifier: Apache-2.0
"""What every lint shares: the files that belong to the project, and how findings are told."""
import pathlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

Finding = str


def root_of(argv: list[str]) -> pathlib.Path:
    return pathlib.Path(argv[1]).resolve() if len(argv) > 1 else pathlib.Path(__file__).resolve().parents[2]


def files(root: pathlib.Path) -> list[pathlib.Path]:
    """Tracked files; in a tree without git (a release archive) everything but build/."""
    if (root / ".git").exists():
        names = subprocess.run(["git", "-C", str(root), "-c", f"safe.directory={root}", "ls-files", "-z"],
                               check=True, capture_output=True).stdout.split(b"\0")
        paths = [root / name.decode("utf-8", "surrogateescape") for name in names if name]
    else:
        paths = sorted(p for p in root.rglob("*") if p.relative_to(root).parts[0] != "build" and "__pycache__" not in p.parts)
    return [p for p in paths if p.is_file() and not p.is_symlink()]


def cpp_files(root: pathlib.Path, *folders: str) -> Iterator[tuple[pathlib.Path, pathlib.PurePosixPath]]:
    """(file, path from the root) of the C++ sources below the folders."""
    for path in files(root):
        name = pathlib.PurePosixPath(path.relative_to(root).as_posix())
        if name.parts[0] in folders and name.suffix in (".h", ".cpp"):
            yield path, name


_NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^()\\ ]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)


def code_lines(text: str) -> list[str]:
    """The lines of a C++ file with comments and literals blanked, so that words in them are not taken for code."""
    return _NOISE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text).split("\n")


def run(check: Callable[[pathlib.Path], tuple[int, list[Finding]]], what: str) -> None:
    """Runs a lint. Looking at nothing is a failure: a lint that sees no file would pass for ever."""
    looked_at, findings = check(root_of(sys.argv))
    for finding in findings:
        print(finding)
    print(f"{what}: {looked_at} files, {len(findings)} findings")
    sys.exit(1 if findings or looked_at == 0 else 0)
