#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up JUnit reports, or writes one.

junit_totals.py DIR                             prints "passed failed skipped" over every *.xml below DIR
junit_totals.py --write FILE NAME STATUS SECONDS   one test case: passed when STATUS is 0

A report that cannot be read counts as one failure: what is not known to have passed has not passed.
"""
import pathlib
import sys
import xml.etree.ElementTree as ET


def totals(folder: pathlib.Path) -> tuple[int, int, int]:
    passed = failed = skipped = 0
    for report in sorted(folder.rglob("*.xml")):
        try:
            cases = list(ET.parse(report).getroot().iter("testcase"))
        except ET.ParseError:
            failed += 1
            continue
        for case in cases:
            # ctest writes a test that it could not start as status "notrun", "disabled" or "fail".
            status = case.get("status", "run")
            if case.find("failure") is not None or case.find("error") is not None or status == "fail":
                failed += 1
            elif case.find("skipped") is not None or status in ("notrun", "disabled"):
                skipped += 1
            else:
                passed += 1
    return passed, failed, skipped


def write(path: pathlib.Path, name: str, status: int, seconds: float) -> None:
    suite = ET.Element("testsuite", name=name, tests="1", failures="0" if status == 0 else "1")
    case = ET.SubElement(suite, "testcase", classname="check", name=name, time=str(seconds))
    if status != 0:
        ET.SubElement(case, "failure", message=f"exit status {status}")
    ET.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


if __name__ == "__main__":
    if len(sys.argv) == 6 and sys.argv[1] == "--write":
        write(pathlib.Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), float(sys.argv[5]))
    elif len(sys.argv) == 2:
        print(*totals(pathlib.Path(sys.argv[1])))
    else:
        sys.exit(__doc__)
