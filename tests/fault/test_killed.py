# SPDX-License-Identifier: Apache-2.0
"""Programs that are killed at any moment: nothing acknowledged is lost, nothing is anchored twice, nothing half done stays."""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time

import pytest

from faults import CASE, EXTENDED, Court, by_path, leftovers, read_rows, receipts_valid, run, running, start

FILES = 300
SEED = int(os.environ.get("JC_SEED", "20211"))


@pytest.fixture(scope="module")
def material(tmp_path_factory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("material") / "evidence"
    (folder / "small").mkdir(parents=True)
    for i in range(FILES):
        (folder / "small" / f"文件 {i:03}.txt").write_bytes(b"%d\n" % i * (i % 7 + 1))
    generator = random.Random(1)
    (folder / "film.bin").write_bytes(generator.randbytes(24 << 20))
    return folder


@pytest.fixture(scope="module")
def duration(fresh_court: Court, material: pathlib.Path, tmp_path_factory) -> float:
    """How long one undisturbed run takes here and now."""
    court = fresh_court.copy_to(tmp_path_factory.mktemp("timing") / "court")
    begin = time.monotonic()
    court.filed(material)
    return time.monotonic() - begin


def check_after(court: Court, material: pathlib.Path, before: int, document) -> None:
    """Whatever happened, this is how it has to stand once the command was given again."""
    items = by_path(document)
    expected = {os.fsencode(p) for p in material.rglob("*") if p.is_file()}
    assert set(items) == expected
    assert all(i["state"] == "anchored" and i["number"] for i in items.values())
    # Nothing twice: neither an item in the archive, nor an entry in the ledger.
    held = court.items()
    assert len(held) == FILES + 1 and len({i["sha256"] for i in held}) == FILES + 1
    assert court.status()["ledger"]["size"] == before + 1
    assert read_rows(court.archive_file, "SELECT count(*) FROM filings") == [(1,)]
    assert court.pending() == []
    receipts = court.dir / "receipts"
    assert len(list(receipts.iterdir())) == FILES + 1
    assert {i["receipt"] for i in items.values()} == {str(p) for p in receipts.iterdir()}
    assert leftovers(court.dir) == []
    court.sound()


def interrupted(court: Court, how: int, after: float, *args):
    """The document that it told of, if it ended before it was killed."""
    process = start("--workspace", court.dir, "--json", *args, out=subprocess.PIPE)
    with running(process):
        try:
            out, _ = process.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            process.send_signal(how)
            out, _ = process.communicate(timeout=60)
    return json.loads(out) if process.returncode == 0 else None


def test_killed_while_filing(fresh_court: Court, material: pathlib.Path, duration: float, fast_tmp: pathlib.Path) -> None:
    """kill -9 spread over the whole run; the same command completes it."""
    kills = 240 if EXTENDED else 60
    before = fresh_court.status()["ledger"]["size"]
    chance = random.Random(SEED)
    stages = {"nothing": 0, "fixed": 0, "anchored": 0, "done": 0}
    done_kills = tries = 0
    while done_kills < kills:
        tries += 1
        assert tries < 3 * kills, "it always ends before it can be killed"
        court = fresh_court.copy_to(fast_tmp / f"court{tries}")
        # One kill in each equal part of the run, anywhere in it.
        after = duration * (done_kills + chance.random()) / kills
        begin = time.monotonic()
        document = interrupted(court, signal.SIGKILL, after, "file", "--case", CASE, material)
        if document is None:
            done_kills += 1
            fixed = read_rows(court.archive_file, "SELECT wait_ledger, wait_receipts FROM filings")
            stages["nothing" if not fixed else "fixed" if fixed[0][0] else "anchored" if fixed[0][1] else "done"] += 1
            status = court.status()  # a reader never needs the writer to have tidied up
            assert status["filings"] == len(fixed) and status["ledger"]["writability"] == "writable", status
            done = court.file(material)
            assert done.code == 0, (after, done)
            document = done.json
            if fixed:
                assert all(item["resumed"] for item in document["items"]), after
        else:
            duration = min(duration, time.monotonic() - begin)  # the machine has become faster
        check_after(court, material, before, document)
        if tries % 20 == 1:
            receipts_valid(court.trust, [(item["path"], item["receipt"]) for item in document["items"]])
        shutil.rmtree(court.dir)
    # Kills that all fell into one stage would show little.
    assert stages["nothing"] and stages["fixed"] + stages["anchored"] + stages["done"], stages


def test_killed_again_and_again_on_one_workspace(court: Court, material: pathlib.Path, duration: float) -> None:
    before = court.status()["ledger"]["size"]
    chance = random.Random(SEED + 1)
    for _ in range(40 if EXTENDED else 12):
        interrupted(court, signal.SIGKILL, duration * chance.random(), "file", "--case", CASE, material)
    done = court.file(material)
    assert done.code == 0, done
    held = court.items()
    # Runs that ended in time and told so are their own filings; each stands once, whole.
    filings = court.status()["filings"]
    assert len(held) == filings * (FILES + 1)
    assert court.status()["ledger"]["size"] == before + filings
    assert court.pending() == [] and leftovers(court.dir) == []
    court.sound()


def test_killed_between_the_steps(court: Court, material: pathlib.Path) -> None:
    """Killed as soon as each step's trace is on disk, not only at random."""
    before = court.status()["ledger"]["size"]

    def rows(sql: str) -> int:
        return read_rows(court.archive_file, sql)[0][0]

    reached = {
        "sealing": lambda: any((court.dir / "vault" / "tmp").iterdir()),
        "fixed": lambda: rows("SELECT count(*) FROM filings"),
        "receipts": lambda: len(list((court.dir / "receipts").iterdir())) > 3,
        "complete": lambda: rows("SELECT count(*) FROM filings WHERE NOT wait_receipts"),
    }
    seen = set()
    for step, condition in reached.items():
        process = start("--workspace", court.dir, "--json", "file", "--case", CASE, material)
        with running(process):
            while process.poll() is None:
                if condition():
                    process.kill()
                    seen.add(step)
                    break
    assert "sealing" in seen
    done = court.file(material)
    assert done.code == 0, done
    if rows("SELECT count(*) FROM filings") == 1:
        check_after(court, material, before, done.json)
    assert court.pending() == [] and leftovers(court.dir) == []
    court.sound()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_stop_while_filing(fresh_court: Court, material: pathlib.Path, duration: float, fast_tmp: pathlib.Path, how) -> None:
    """Stops soon with 130 and nothing half done, or has finished; the next run does the rest."""
    before = fresh_court.status()["ledger"]["size"]
    chance = random.Random(SEED + how)
    rounds = 12 if EXTENDED else 4
    for i in range(rounds):
        court = fresh_court.copy_to(fast_tmp / f"court{i}")
        process = start("--workspace", court.dir, "--json", "file", "--case", CASE, material, out=subprocess.PIPE)
        with running(process):
            try:
                process.wait(timeout=max(0.02, duration * (i + chance.random()) / rounds))
            except subprocess.TimeoutExpired:
                process.send_signal(how)
            asked = time.monotonic()
            out, err = process.communicate(timeout=30)
            assert time.monotonic() - asked < 5
        # Before its handlers stand, the signal's own meaning holds.
        assert process.returncode in (0, 75, 130, -how), (process.returncode, out, err)
        if process.returncode == 130:
            assert json.loads(out)["error"]["code"] == "cancelled", out
        assert leftovers(court.dir) == []
        if process.returncode == 0:
            document = json.loads(out)
        else:
            done = court.file(material)
            assert done.code == 0, done
            document = done.json
        check_after(court, material, before, document)
        shutil.rmtree(court.dir)


def test_stopped_before_anything_is_signed_files_nothing(court: Court, evidence: pathlib.Path) -> None:
    with open(evidence / "huge.bin", "wb") as f:
        f.truncate(40 << 30)  # sparse: far more to read than there is time for
    process = start("--workspace", court.dir, "--json", "file", "--no-seal", "--case", CASE, evidence, out=subprocess.PIPE)
    with running(process):
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.7)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=5)
    assert process.returncode == 130 and json.loads(out)["error"]["code"] == "cancelled"
    status = court.status()
    assert status["filings"] == 0 and status["pending"] == []
    court.sound()


def spread(seconds: float, rounds: int):
    chance = random.Random(SEED)
    return [seconds * (i + chance.random()) / rounds for i in range(rounds)]


def measured(*args) -> float:
    begin = time.monotonic()
    done = run(*args)
    assert done.code == 0, done
    return time.monotonic() - begin


def kill_after(seconds: float, *args) -> int:
    process = start(*args)
    with running(process):
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        return process.wait(timeout=30)


def test_killed_while_a_demonstration_is_made(fast_tmp: pathlib.Path) -> None:
    """There is no court, or a whole one."""
    seconds = measured("demo", fast_tmp / "timing")
    for i, after in enumerate(spread(seconds * 1.2, 40 if EXTENDED else 10)):
        folder = fast_tmp / f"round{i}"
        folder.mkdir()
        court = Court(folder / "court")
        if kill_after(after, "demo", court.dir) != 0 and not court.dir.exists():
            done = run("demo", court.dir)
            assert done.code == 0, done
        court.sound()
        assert [p.name for p in folder.iterdir()] == ["court"], list(folder.iterdir())
        shutil.rmtree(folder)


def test_killed_while_a_court_is_founded(fast_tmp: pathlib.Path, pki) -> None:
    arguments = pki.init_arguments()
    seconds = measured("init", *arguments, fast_tmp / "timing")
    for i, after in enumerate(spread(seconds * 1.2, 40 if EXTENDED else 10)):
        folder = fast_tmp / f"round{i}"
        folder.mkdir()
        court = Court(folder / "court")
        if kill_after(after, "init", *arguments, court.dir) != 0 and not court.dir.exists():
            done = run("init", *arguments, court.dir)
            assert done.code == 0, done
        court.sound()
        assert [p.name for p in folder.iterdir()] == ["court"], list(folder.iterdir())
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def filled(fresh_court: Court, material: pathlib.Path, tmp_path_factory) -> Court:
    court = fresh_court.copy_to(tmp_path_factory.mktemp("filled") / "court")
    court.filed(material)
    return court


def test_killed_while_backing_up(filled: Court, tmp_path: pathlib.Path) -> None:
    """Under its name stands a whole backup or none, and an older one stays until the new one is whole."""
    target = tmp_path / "court.jcbackup"
    seconds = measured("--workspace", filled.dir, "backup", target)
    whole = target.read_bytes()
    for after in spread(seconds * 1.1, 30 if EXTENDED else 8):
        kill_after(after, "--workspace", filled.dir, "backup", target)
        done = run("--json", "verify-backup", target)
        assert done.code == 0, done
    target.unlink()
    kill_after(seconds / 2, "--workspace", filled.dir, "backup", target)
    if target.exists():
        assert run("verify-backup", target).code == 0
    filled.sound()
    assert run("--workspace", filled.dir, "backup", target).code == 0
    assert abs(target.stat().st_size - len(whole)) < 64 << 10
    assert [p.name for p in tmp_path.iterdir()] == [target.name]
    assert leftovers(filled.dir) == []


@pytest.mark.parametrize("with_state", [False, True])
def test_killed_while_restoring(filled: Court, fast_tmp: pathlib.Path, with_state: bool) -> None:
    """No workspace, or a whole one; and never without what its keys had signed."""
    backup = fast_tmp / "court.jcbackup"
    assert run("--workspace", filled.dir, "backup", backup).code == 0
    receipt = next(p for p in (filled.dir / "receipts").iterdir())
    last = () if with_state else ("--last", receipt)

    def prepare(folder: pathlib.Path) -> Court:
        folder.mkdir()
        if with_state:
            shutil.copytree(filled.dir / "signer", folder / "court" / "signer")
        return Court(folder / "court")

    seconds = measured("restore", backup, prepare(fast_tmp / "timing").dir, *last)
    for i, after in enumerate(spread(seconds * 1.2, 40 if EXTENDED else 8)):
        folder = fast_tmp / f"round{i}"
        court = prepare(folder)
        kill_after(after, "restore", backup, court.dir, *last)
        if with_state:
            assert (court.dir / "signer" / "state").is_file()
        if not (court.dir / "workspace.toml").exists():
            done = run("restore", backup, court.dir, *last)
            assert done.code == 0, done
        court.sound()
        assert court.status()["ledger"]["writability"] == "writable"
        assert [p.name for p in folder.iterdir()] == ["court"], list(folder.iterdir())
        shutil.rmtree(folder)
