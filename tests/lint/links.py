#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every relative link of a Markdown page, and every page of docs/ that any file names, exists."""
import pathlib
import re
import urllib.parse

import tree

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
PAGE = re.compile(r"(?<![\w./-])docs/[\w./-]+\.(?:md|proto|json|svg)\b")
FENCE = re.compile(r"^\s*```.*?^\s*```", re.MULTILINE | re.DOTALL)
SOURCES = {".h", ".cpp", ".py", ".md", ".proto", ".cmake", ".go", ".java", ".sh", ".txt"}


def check(root: pathlib.Path) -> tuple[int, list[tree.Finding]]:
    findings = []
    looked_at = 0
    for path in tree.files(root):
        if path.suffix not in SOURCES or "vectors" in path.parts or "corpus" in path.parts or path.name == "test_lints.py":
            continue
        looked_at += 1
        name = path.relative_to(root)
        text = path.read_text("utf-8", "replace")
        wanted = {(root / page, page) for page in PAGE.findall(text)}
        if path.suffix == ".md":
            for target in LINK.findall(FENCE.sub("", text)):
                target = urllib.parse.unquote(target.split("#")[0])
                if target and not re.match(r"[a-z]+:", target):
                    wanted.add((path.parent / target, target))
        findings += [f"{name}: {target} does not exist" for there, target in sorted(wanted) if not there.exists()]
    return looked_at, findings


if __name__ == "__main__":
    tree.run(check, "links")
