#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every fuzz target for a few seconds: first its corpus, then inputs grown from it. Fails on a crash, a leak, more than 1 GiB of
memory or more than 20 s on one input. New inputs go to a temporary folder; a crashing one is kept in build/fuzz/crashes.

smoke.py --programs DIR [--seconds N] [--jobs N] [--junit FILE]
"""
import argparse
import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET

HERE = pathlib.Path(__file__).resolve().parent


def fuzz(program: pathlib.Path, seconds: int, crashes: pathlib.Path) -> tuple[str, float, str | None]:
    """(target, seconds, None or what went wrong)"""
    name = program.name.removeprefix("fuzz_")
    corpus = HERE / "corpus" / name
    begin = time.monotonic()
    if not corpus.is_dir() or not any(corpus.iterdir()):
        return name, 0.0, f"no corpus in tests/fuzz/corpus/{name}"
    with tempfile.TemporaryDirectory() as found:
        command = [str(program), found, str(corpus), f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=1024", "-print_final_stats=1",
                   f"-artifact_prefix={crashes}/{name}-"]
        dictionary = HERE / "corpus" / f"{name}.dict"
        if dictionary.is_file():
            command.append(f"-dict={dictionary}")
        try:
            done = subprocess.run(command, capture_output=True, timeout=seconds + 120)
        except subprocess.TimeoutExpired:
            return name, time.monotonic() - begin, "did not end in time"
    tail = done.stderr.decode("utf-8", "replace")[-4000:]
    executed = next((line.split()[-1] for line in tail.splitlines() if "stat::number_of_executed_units" in line), "0")
    wrong = None
    if done.returncode != 0:
        wrong = f"exit status {done.returncode}\n{tail}"
    elif executed == "0":
        wrong = "no input was executed"
    print(f"{name}: {executed} inputs, {time.monotonic() - begin:.0f} s{': FAILED' if wrong else ''}", flush=True)
    return name, time.monotonic() - begin, wrong


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--programs", type=pathlib.Path, required=True)
    arguments.add_argument("--seconds", type=int, default=8)
    arguments.add_argument("--jobs", type=int, default=1)
    arguments.add_argument("--junit", type=pathlib.Path)
    given = arguments.parse_args()
    programs = sorted(p for p in given.programs.glob("fuzz_*") if p.is_file())
    crashes = given.programs.resolve().parent / "crashes"
    crashes.mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        results = list(pool.map(lambda p: fuzz(p, given.seconds, crashes), programs))
    suite = ET.Element("testsuite", name="fuzz", tests=str(len(results)))
    for name, seconds, wrong in results:
        case = ET.SubElement(suite, "testcase", classname="fuzz", name=name, time=f"{seconds:.1f}")
        if wrong:
            # libFuzzer prints bytes of the input; XML takes no control characters.
            clean = "".join(c if c in "\n\t" or c >= " " else "?" for c in wrong)
            ET.SubElement(case, "failure", message=clean.split("\n")[0]).text = clean
            print(f"{name}: {clean}")
    if given.junit:
        ET.ElementTree(suite).write(given.junit, encoding="utf-8", xml_declaration=True)
    return 1 if not results or any(wrong for _, _, wrong in results) else 0


if __name__ == "__main__":
    sys.exit(main())
