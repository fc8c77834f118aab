#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls that the project does without, each with its reason. Comments and string literals are not looked at."""
import pathlib
import re

import tree

EVERYWHERE = [
    (r"\b(?:strcpy|strcat|sprintf|vsprintf|gets|strtok)\s*\(", "no bounds; use std::string and fmt"),
    (r"\b(?:atoi|atol|atoll|atof)\s*\(", "cannot tell an error from 0; use std::from_chars"),
    (r"\b(?:stoi|stol|stoul|stoll|stoull|stod)\s*\(", "throws, and accepts signs, spaces and trailing text; use std::from_chars"),
    (r"\b(?:tmpnam|tempnam|mktemp)\s*\(", "a race; use mkstemp or mkdtemp"),
    (r"(?<![\w.>])(?:system|popen)\s*\(", "a shell sees file names; start programs with an argument list"),
    (r"(?<![\w:.>])(?:rand|srand|random|drand48)\s*\(|std::(?:rand|srand|random_shuffle)\b", "not random enough for anything here; use crypto/"),
    (r"\bstd::(?:mt19937(?:_64)?|default_random_engine|minstd_rand0?)\b", "predictable; use crypto/"),
    (r"(?:\.|->)detach\s*\(\s*\)", "nobody waits for a detached thread; use std::jthread"),
    (r"\b(?:sleep|usleep|nanosleep)\s*\(|\bsleep_(?:for|until)\s*\(", "wait on a condition, with a stop token"),
    (r"\bprocessEvents\s*\(|\bQEventLoop\b|\bQDialog::exec\b", "a nested event loop"),
    (r"\bsetlocale\s*\(|\bstd::locale::global\b", "output does not depend on the locale"),
    (r"\b(?:localtime|gmtime|asctime|ctime)\s*\(", "a shared static buffer; use base/clock.h"),
    (r"\b(?:alloca|setjmp|longjmp)\s*\(", "skips destructors or overruns the stack"),
    (r"(?<![\w.>])(?:abort|std::abort|std::terminate|std::exit|_exit|quick_exit)\s*\(", "a library never ends the process; return an Error"),
    (r"\bassert\s*\(", "vanishes or aborts; hostile input must come back as an Error"),
    (r"\busing\s+namespace\s+std\s*;", "imports names that the next release adds"),
]
# base/clock and base/time are the one place that reads the machine's clock; the state machine and the pure rooms get time as a value.
CLOCK = (r"\b(?:system_clock|high_resolution_clock)::now\b|\bclock_gettime\s*\(|(?<![\w.>:])time\s*\(\s*(?:nullptr|NULL|0)\s*\)",
         "time comes through base/clock.h")
PURE_ROOMS = {"merkle", "note", "record", "verdict"}
PURE = [
    (r"\bsteady_clock::now\b", "this room sees no clock"),
    (r"\b(?:fopen|std::ifstream|std::ofstream|std::fstream|std::filesystem)\b", "this room does no I/O"),
    (r"\b(?:getenv|std::getenv)\b", "this room reads no environment"),
]
# Looking up in an unordered container is fine everywhere; walking through one is not where the same input must give the same bytes.
ORDERED_ROOMS = PURE_ROOMS | {"ledger"}
UNORDERED = re.compile(r"\bunordered_(?:multi)?(?:map|set)\s*<.*>\s*&?\s*(\w+)\s*(?:[;={(,)]|$)")
STREAMS = (r"\bstd::(?:cout|cerr|clog)\b|\b(?:printf|puts)\s*\(", "the core prints nothing")
# (file, call): why it is right there. A single line may instead end in "// lint-ok: <reason>".
ALLOWED = {
    ("core/base/file.cpp", "sleep_for("): "flock has no time limit; waiting for another process's lock polls it",
    ("core/intake/reading.cpp", "sleep_for("): "a write in the same tick of the file system's clock would go unseen; there is nothing to wait on",
    ("core/intake/reading.cpp", "clock_gettime("): "the file system's own coarse clock, compared with a file's times",
    ("core/intake/vault.cpp", "sleep_for("): "as for base/file.cpp",
    ("core/crypto/digest.cpp", "std::abort("): "without its digest no statement may be made, and a wrong one least of all",
    ("core/base/uuid.cpp", "std::abort("): "without the kernel's random numbers no salt and no id may be made",
}
EXCUSED = re.compile(r"// lint-ok: \S.{9,}$")
RUNNER = re.compile(r"^app/[^/]+/main\.cpp$")


def rules(name: pathlib.PurePosixPath) -> list[tuple[str, str]]:
    wanted = list(EVERYWHERE)
    if RUNNER.match(str(name)):
        wanted = [rule for rule in wanted if "std::exit" not in rule[0]]
    if not re.match(r"^core/base/(clock|time|file|uuid)[a-z_]*\.(h|cpp)$", str(name)):
        wanted.append(CLOCK)
    if name.parts[0] == "core":
        wanted.append(STREAMS)
        if name.parts[1] in PURE_ROOMS:
            wanted += PURE
    return wanted


def unordered_walks(lines: list[str]) -> list[tuple[int, str]]:
    """(line, name) where a container that this file declares as unordered is walked through."""
    names = {found.group(1) for line in lines for found in UNORDERED.finditer(line)}
    if not names:
        return []
    some = "|".join(sorted(names))
    walk = re.compile(rf"\bfor\s*\([^;]*:\s*(?:\w+(?:\.|->))?({some})\s*\)")
    return [(number, found.group(1)) for number, line in enumerate(lines, 1) for found in walk.finditer(line)]


def check(root: pathlib.Path) -> tuple[int, list[tree.Finding]]:
    findings = []
    looked_at = 0
    for path, name in tree.cpp_files(root, "core", "app", "ui"):
        looked_at += 1
        compiled = [(re.compile(pattern), why) for pattern, why in rules(name)]
        text = path.read_text("utf-8", "replace")
        excused = {number for number, line in enumerate(text.split("\n"), 1) if EXCUSED.search(line)}
        lines = tree.code_lines(text)
        if name.parts[0] == "core" and name.parts[1] in ORDERED_ROOMS:
            findings += [f"{name}:{number}: walks through {what}: an order that differs from run to run" for number, what in unordered_walks(lines)]
        for number, line in enumerate(lines, 1):
            for pattern, why in compiled:
                found = pattern.search(line)
                if found and number not in excused and (str(name), found.group().strip()) not in ALLOWED:
                    findings.append(f"{name}:{number}: {found.group().strip()} … : {why}")
    return looked_at, findings


if __name__ == "__main__":
    tree.run(check, "banned calls")
