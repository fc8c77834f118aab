#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The repository works wherever it lies: no tracked text names a home folder or the place where this copy happens to be, no file is a
left-over of a build or an editor, none is large, and no two names differ only by case."""
import pathlib
import re

import tree

LIMIT = 2 * 1024 * 1024
HOME = re.compile(rb"(?<![\w.])/(?:home|Users)/(?!user/|USER/)[A-Za-z0-9_.-]+/|(?<![\w.])/ro" rb"ot/")
LEFT_OVER = re.compile(r"(?:\.orig|\.rej|\.swp|~|\.o|\.a|\.so|\.pyc|\.gcda|\.gcno|\.class|\.profraw|\.DS_Store)$|^core\.\d+$|^crash-[0-9a-f]{40}$")
TEXT_LIKE = re.compile(rb"\x00")


def check(root: pathlib.Path) -> tuple[int, list[tree.Finding]]:
    findings = []
    seen: dict[str, str] = {}
    looked_at = 0
    here = str(root).encode() if len(root.parts) > 2 else None
    for path in tree.files(root):
        looked_at += 1
        name = path.relative_to(root).as_posix()
        if other := seen.get(name.lower()):
            findings.append(f"{name}: differs from {other} only by case")
        seen[name.lower()] = name
        if LEFT_OVER.search(path.name):
            findings.append(f"{name}: left over from a tool")
        if path.stat().st_size > LIMIT:
            findings.append(f"{name}: larger than 2 MiB")
            continue
        data = path.read_bytes()
        if TEXT_LIKE.search(data) or name.startswith("LICENSES/"):
            continue
        for number, line in enumerate(data.split(b"\n"), 1):
            if (here and here + b"/" in line) or HOME.search(line):
                findings.append(f"{name}:{number}: a path of one machine")
    return looked_at, findings


if __name__ == "__main__":
    tree.run(check, "tracked paths")
