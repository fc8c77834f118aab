# SPDX-License-Identifier: Apache-2.0
"""Full disks, read-only disks, folders that one may not write: said clearly, and the workspace stays whole and usable."""
import contextlib
import os
import pathlib
import shutil
import subprocess

import pytest

from faults import CASE, IS_ROOT, NOBODY, Court, as_nobody, leftovers, receipts_valid, run


def mount(*args) -> bool:
    return subprocess.run(["mount", *map(str, args)], capture_output=True).returncode == 0


@contextlib.contextmanager
def small_disk(folder: pathlib.Path, megabytes: int):
    """A file system of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    if not IS_ROOT or not mount("-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", folder):
        pytest.skip("only root can mount a small file system, and not in every container")
    try:
        yield folder
    finally:
        done = subprocess.run(["umount", str(folder)], capture_output=True)
        if done.returncode != 0:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def free_bytes(folder: pathlib.Path) -> int:
    v = os.statvfs(folder)
    return v.f_bavail * v.f_frsize


def fill_disk(folder: pathlib.Path, leave: int) -> pathlib.Path:
    ballast = folder / "ballast"
    with open(ballast, "wb") as f:
        os.posix_fallocate(f.fileno(), 0, max(free_bytes(folder) - leave, 1))
    return ballast


def whole_and_usable(court: Court, evidence: pathlib.Path) -> None:
    court.sound()
    document = court.filed(evidence)
    receipts_valid(court.trust, [(i["path"], i["receipt"]) for i in document["items"]])
    assert court.pending() == []
    assert leftovers(court.dir) == []
    court.sound()


@pytest.mark.parametrize("seal", [True, False])
def test_full_disk(fresh_court: Court, evidence: pathlib.Path, tmp_path: pathlib.Path, seal: bool) -> None:
    """From a disk with nothing left to one where only the last step fails."""
    for i in range(30):
        (evidence / f"{i}.txt").write_text(f"evidence {i}")
    option = () if seal else ("--no-seal",)
    codes = set()
    with small_disk(tmp_path / "disk", 96) as disk:
        court = fresh_court.copy_to(disk / "court")
        for leave in (0, 4096, 32 << 10, 96 << 10, 160 << 10, 256 << 10, 512 << 10):
            ballast = fill_disk(disk, leave)
            before = court.status()["filings"]
            done = court.file(*option, evidence)
            codes.add(done.code)
            assert done.code in (0, 73, 75), (leave, done)
            if done.code == 73:
                assert done.json["error"]["reason"] or done.json["error"]["message"], done
            status = court.status()
            assert status["filings"] >= before  # a reader works on a full disk
            done = court.audit()
            assert done.code == 0, (leave, done)
            ballast.unlink()
            done = court("outbox", "retry")
            assert done.code == 0 and court.pending() == [], (leave, done)
            court.sound()
        whole_and_usable(court, evidence)
    assert 73 in codes, codes


def test_disk_fills_while_sealing(fresh_court: Court, evidence: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """What fits is filed, what does not has its own outcome; or nothing is filed at all."""
    (evidence / "small.txt").write_text("small")
    with open(evidence / "film.bin", "wb") as f:
        f.write(os.urandom(8 << 20))
    with small_disk(tmp_path / "disk", 256) as disk:
        court = fresh_court.copy_to(disk / "court")
        with open(evidence / "film.bin", "r+b") as f:
            f.truncate(300 << 20)  # the first bytes are random; there is no room for all
        done = court.file(evidence)
        assert done.code == 73, done
        court.sound()
        assert leftovers(court.dir) == []
        os.truncate(evidence / "film.bin", 8 << 20)
        whole_and_usable(court, evidence)


def test_receipts_on_a_full_disk(court: Court, evidence: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Anchored, and the receipts wait: 75, and they are written when there is room."""
    (evidence / "a.txt").write_text("a")
    with small_disk(tmp_path / "disk", 4) as disk:
        ballast = fill_disk(disk, 0)
        target = disk / "receipts"
        target.mkdir()
        done = court.file("--receipts", target, evidence)
        assert done.code == 75 and done.json["filing"]["waitingFor"] == "receipts", done
        assert done.json["items"][0]["state"] == "anchored" and done.json["items"][0]["receipt"] is None
        assert court.pending()[0]["waitingFor"] == ["receipts"]
        assert leftovers(target) == []
        ballast.unlink()
        assert court("outbox", "retry").code == 0
        receipts_valid(court.trust, [(evidence / "a.txt", next(target.iterdir()))])


def test_receipts_that_cannot_be_written_go_elsewhere(court: Court, evidence: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (evidence / "a.txt").write_text("a")
    blocked = tmp_path / "file-not-folder"
    blocked.write_text("")
    done = court.file("--receipts", blocked / "inside", evidence)
    assert done.code == 75, done
    other = tmp_path / "other"
    document = court.filed("--receipts", other, evidence)
    assert document["items"][0]["resumed"] and os.path.dirname(document["items"][0]["receipt"]) == str(other)
    assert len(court.items()) == 1


def test_read_only_disk(fresh_court: Court, evidence: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (evidence / "a.txt").write_text("a")
    with small_disk(tmp_path / "disk", 96) as disk:
        court = fresh_court.copy_to(disk / "court")
        (evidence / "b.txt").write_text("b")
        court.filed(evidence / "b.txt")
        assert mount("-o", "remount,ro", disk)
        for args in (("file", "--case", CASE, evidence / "a.txt"), ("case", "new", CASE), ("trust", "update"), ("outbox", "retry")):
            done = court(*args)
            assert done.code == 73, done
        # What reads goes on working.
        assert court.status()["filings"] == 1
        court.sound()
        done = court.verify(evidence / "b.txt")
        assert done.code == 0, done
        assert mount("-o", "remount,rw", disk)
        whole_and_usable(court, evidence / "a.txt")


def test_somebody_who_may_not_write(fresh_court: Court, evidence: pathlib.Path, world_open_tmp: pathlib.Path) -> None:
    if not IS_ROOT or not shutil.which("setpriv"):
        pytest.skip("only root can become somebody who may not write")
    court = fresh_court.copy_to(world_open_tmp / "court")
    document = world_open_tmp / "a.txt"
    document.write_text("a")
    document.chmod(0o644)
    # May look, may not write.
    for base, names, files in os.walk(court.dir):
        os.chmod(base, 0o755)
        for name in files:
            os.chmod(os.path.join(base, name), 0o644)
    done = court.file(document, wrap=as_nobody())
    assert done.code == 73, done
    assert court("status", wrap=as_nobody()).code == 0
    # May not even look.
    os.chmod(court.dir, 0o700)
    done = court.file(document, wrap=as_nobody())
    assert done.code in (66, 73), done
    for command in (("demo",), ("log", "export")):
        target = world_open_tmp / "new"
        os.chmod(court.dir, 0o755)
        done = court(*command, target, wrap=as_nobody()) if command[0] == "log" else run("--json", *command, target, wrap=as_nobody())
        assert done.code == 73, done
        assert not target.exists()
    assert [p.name for p in world_open_tmp.iterdir() if "making" in p.name] == []


def test_no_room_for_a_new_court(tmp_path: pathlib.Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        fill_disk(disk, 64 << 10)
        done = run("--json", "demo", disk / "court")
        assert done.code == 73, done
        assert [p.name for p in disk.iterdir()] == ["ballast"]


def test_no_room_for_a_backup(court: Court, evidence: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (evidence / "a.bin").write_bytes(os.urandom(2 << 20))
    court.filed(evidence)
    backup = tmp_path / "whole.jcbackup"
    assert court("backup", backup).code == 0
    with small_disk(tmp_path / "disk", 1) as disk:
        done = court("backup", disk / "court.jcbackup")
        assert done.code == 73 and list(disk.iterdir()) == [], done
        done = run("--json", "restore", backup, disk / "court", "--last", next((court.dir / "receipts").iterdir()))
        assert done.code == 73 and list(disk.iterdir()) == [], done
        done = court("log", "export", disk / "log")
        assert done.code in (0, 73), done
    court.sound()
    assert not (court.dir / ".backup").exists()


def test_standard_output_that_cannot_be_written(court: Court, evidence: pathlib.Path) -> None:
    (evidence / "a.txt").write_text("a")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*court_line(court, evidence)], stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 73
    # It was filed and nobody was told: the same command tells, and files nothing a second time.
    document = court.filed(evidence)
    assert document["items"][0]["resumed"] and len(court.items()) == 1


def court_line(court: Court, evidence: pathlib.Path) -> list:
    from faults import program
    return [program(), "--workspace", str(court.dir), "--json", "file", "--case", CASE, str(evidence)]
