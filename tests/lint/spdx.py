#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every source file names its licence near its top: GPL-3.0-or-later below ui/ and app/desktop/, else Apache-2.0."""
import pathlib
import re

import tree

SUFFIXES = {".h", ".cpp", ".py", ".sh", ".cmake", ".proto", ".go", ".java", ".xml", ".ui", ".qss", ".js", ".css", ".html", ".yml", ".yaml"}
NAMES = {"CMakeLists.txt", ".clang-format", ".clang-tidy", "packages.txt", "go-requirements.txt"}
TAG = re.compile(rb"SPDX-License-" rb"Identifier: ([A-Za-z0-9.+-]+)")


def check(root: pathlib.Path) -> tuple[int, list[tree.Finding]]:
    findings = []
    looked_at = 0
    for path in tree.files(root):
        name = pathlib.PurePosixPath(path.relative_to(root).as_posix())
        if name.parts[0] == "LICENSES" or str(name).startswith(("docs/samples/", "tests/vectors/", "tests/fuzz/corpus/")):
            continue
        with path.open("rb") as file:
            head = b"\n".join(file.read(2000).split(b"\n")[:4])
        if name.suffix not in SUFFIXES and name.name not in NAMES and not head.startswith(b"#!"):
            continue
        looked_at += 1
        wanted = b"GPL-3.0-or-later" if str(name).startswith(("ui/", "app/desktop/")) else b"Apache-2.0"
        found = TAG.search(head)
        if not found:
            findings.append(f"{name}: no SPDX line among its first four")
        elif found.group(1) != wanted:
            findings.append(f"{name}: {found.group(1).decode()} where {wanted.decode()} belongs")
    return looked_at, findings


if __name__ == "__main__":
    tree.run(check, "SPDX")
