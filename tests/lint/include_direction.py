#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Dependencies run one way. Fails on an include that goes up, on a cryptographic library outside its rooms, on Qt in the core, on a
third-party header in a public header, and on a room that the order below does not know."""
import pathlib
import re

import tree

# Lowest first; a room may include the rooms before it. Rooms of one level stand left to right (docs/decisions/0001-order-of-rooms.md).
ORDER = ["base", "crypto", "merkle", "store", "note", "timestamp", "record", "ledger", "intake", "receipt", "archive", "verdict",
         "consortium", "service"]
RANK = {room: i for i, room in enumerate(ORDER)}

# A verdict is judged from a file's digests and a receipt alone: never from a database, the network or the case archive. What these rooms
# must not see they must not see through another room's header either.
FORBIDDEN = {
    "verdict": {"store", "ledger", "archive", "intake", "consortium", "service"},
    "merkle": {"store"},
    "note": {"store"},
    "record": {"store"},
}
CRYPTO_ROOMS = {"crypto", "timestamp"}
# TLS is set up where connections are made.
CRYPTO_FILES = re.compile(r"^(core/consortium|app/node)/tls[a-z_]*\.cpp$")
CRYPTO_HEADER = re.compile(r"^(openssl|botan|botan-2)/|^gcrypt\.h$")
QT_HEADER = re.compile(r"^(Q[A-Z][A-Za-z]*$|Qt[A-Z][A-Za-z]*/|quazip)")
# receipt's ZIP adapter is the one place of the core where a Qt-based library may be seen.
QT_FILES = re.compile(r"^core/receipt/zip[a-z_]*\.cpp$")
# Small vocabulary headers that the project's own types are made of; everything else of others stays in .cpp files.
PUBLIC_THIRD_PARTY = re.compile(r"^tl/expected\.hpp$")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def seen_through(start: pathlib.Path, core: pathlib.Path) -> dict[str, str]:
    """Every header of the core that a file sees, directly or through others → the header that brings it."""
    seen: dict[str, str] = {}
    todo = [(start, "")]
    while todo:
        path, via = todo.pop()
        if not path.is_file():
            continue
        for line in path.read_text("utf-8", "replace").split("\n"):
            found = INCLUDE.match(line)
            if found and found.group(2).split("/")[0] in RANK and found.group(2) not in seen:
                seen[found.group(2)] = via
                todo.append((core / found.group(2), found.group(2)))
    return seen


def check(root: pathlib.Path) -> tuple[int, list[tree.Finding]]:
    findings = []
    looked_at = 0
    for path, name in tree.cpp_files(root, "core", "app"):
        looked_at += 1
        in_core = name.parts[0] == "core"
        own = name.parts[1] if len(name.parts) > 2 else ""
        if in_core and own not in RANK:
            findings.append(f"{name}: core/{own} is not in the order of rooms")
            continue
        for header, via in seen_through(path, root / "core").items() if own in FORBIDDEN and in_core else ():
            if via and header.split("/")[0] in FORBIDDEN[own]:
                findings.append(f"{name}: {header}, through {via}: {own} must not see {header.split('/')[0]}")
        for number, line in enumerate(path.read_text("utf-8", "replace").split("\n"), 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            quote, header = found.groups()
            first = header.split("/")[0]
            where = f"{name}:{number}"
            if ".." in header.split("/"):
                findings.append(f"{where}: {header}: include from the layer's root, not by ..")
            if CRYPTO_HEADER.match(header) and not ((in_core and own in CRYPTO_ROOMS) or CRYPTO_FILES.match(str(name))):
                findings.append(f"{where}: {header}: cryptographic libraries are seen in core/crypto and core/timestamp only")
            if in_core and QT_HEADER.match(header) and not QT_FILES.match(str(name)):
                findings.append(f"{where}: {header}: no Qt in the core")
            if in_core and first in ("app", "ui", "cli", "node", "desktop"):
                findings.append(f"{where}: {header}: the core never includes an application")
            if in_core and first in RANK and "/" in header:
                if RANK[first] > RANK[own]:
                    findings.append(f"{where}: {header}: {own} lies below {first}")
                elif first in FORBIDDEN.get(own, ()):
                    findings.append(f"{where}: {header}: {own} must not see {first}")
                if quote == "<":
                    findings.append(f"{where}: {header}: the project's own headers stand in quotes")
                if first != own and header.endswith("_internal.h"):
                    findings.append(f"{where}: {header}: a private helper of {first}")
            elif in_core and name.suffix == ".h" and not name.stem.endswith("_internal") and "/" in header:
                if not PUBLIC_THIRD_PARTY.match(header) and first not in ("sys", "linux"):
                    findings.append(f"{where}: {header}: third-party headers belong in .cpp files")
    return looked_at, findings


if __name__ == "__main__":
    tree.run(check, "include direction")
