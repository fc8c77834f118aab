# SPDX-License-Identifier: Apache-2.0
"""Several programs on one workspace: one writer at a time, and readers that wait for nobody."""
import os
import pathlib
import subprocess
import threading
import time

import pytest

from faults import CASE, Court, by_path, receipts_valid, run, running, start, until


@pytest.fixture
def held(court: Court, evidence: pathlib.Path):
    """A court in whose workspace another process is filing, stopped in the middle of it."""
    with open(evidence / "huge.bin", "wb") as f:
        f.truncate(2 << 30)
    process = start("--workspace", court.dir, "file", "--no-seal", "--case", CASE, evidence / "huge.bin")
    with running(process):
        until(lambda: (court.dir / "lock").exists() and (court.dir / "lock").read_text() == f"process {process.pid}")
        process.send_signal(19)  # SIGSTOP: holds the lock for as long as the test wants
        yield court, process
        process.send_signal(18)


def test_the_second_writer_waits_and_names_the_holder(held, evidence: pathlib.Path) -> None:
    court, process = held
    (evidence / "a.txt").write_text("a")
    begin = time.monotonic()
    done = court.file(evidence / "a.txt")
    waited = time.monotonic() - begin
    assert done.code == 69 and done.json["error"]["reason"] == "locked", done
    assert 4.5 < waited < 8 and str(process.pid) in done.json["error"]["message"], (waited, done)


def test_the_second_writer_goes_on_when_the_first_has_finished(held, evidence: pathlib.Path) -> None:
    court, process = held
    (evidence / "a.txt").write_text("a")
    waiting = start("--workspace", court.dir, "file", "--case", CASE, evidence / "a.txt")
    with running(waiting):
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(timeout=0.7)
        process.kill()  # a killed holder holds nothing
        assert waiting.wait(timeout=30) == 0
    court.sound()


def test_readers_do_not_wait(held, evidence: pathlib.Path) -> None:
    court, _ = held
    for args in (("status",), ("case", "list"), ("audit", "--deep"), ("outbox",), ("custody", "log"), ("staff", "list"), ("trust", "show")):
        begin = time.monotonic()
        done = court(*args)
        assert done.code == 0, done
        assert time.monotonic() - begin < 4, args


def test_readers_see_a_sound_workspace_at_every_moment(court: Court, evidence: pathlib.Path) -> None:
    """Audits and verifications beside a writer that files all the time."""
    (evidence / "first.txt").write_text("first")
    first = court.filed(evidence / "first.txt")["items"][0]
    failures, stop = [], threading.Event()

    def write() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            (evidence / f"{n}.txt").write_text(f"{n}")
            done = court.file(evidence / f"{n}.txt")
            if done.code != 0:
                failures.append(done)
                return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(25):
            done = court.audit()
            assert done.code == 0, done
            assert court("case", "show", CASE).code == 0
            done = run("--json", "verify", "--trust", court.trust, "--receipt", first["receipt"], first["path"])
            assert done.code == 0, done
    finally:
        stop.set()
        writer.join()
    assert not failures, failures
    court.sound()


def test_many_writers_at_once(court: Court, evidence: pathlib.Path) -> None:
    """Each waits for its turn; all are filed."""
    before = court.status()["ledger"]["size"]
    processes = []
    for i in range(6):
        (evidence / f"{i}.txt").write_text(f"writer {i}")
        processes.append(start("--workspace", court.dir, "--json", "file", "--case", CASE, evidence / f"{i}.txt", out=subprocess.PIPE))
    codes = []
    for process in processes:
        with running(process):
            process.communicate(timeout=60)
            codes.append(process.returncode)
    assert set(codes) <= {0, 69} and codes.count(0) >= 1, codes
    assert court.status()["ledger"]["size"] == before + codes.count(0)
    assert len(court.items()) == codes.count(0)
    court.sound()


def test_two_makers_of_one_court(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "court"
    makers = [start("demo", folder) for _ in range(3)]
    codes = []
    for maker in makers:
        with running(maker):
            codes.append(maker.wait(timeout=60))
    assert codes.count(0) == 1 and all(c in (0, 3, 73) for c in codes), codes
    Court(folder).sound()
    assert [p.name for p in tmp_path.iterdir()] == ["court"]
