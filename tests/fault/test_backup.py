# SPDX-License-Identifier: Apache-2.0
"""Backups that are whole, damaged, cut, foreign or old; and what a restored court may still do."""
import os
import pathlib
import random
import shutil

import pytest

from faults import CASE, EXTENDED, Court, leftovers, receipts_valid, run


@pytest.fixture(scope="module")
def kept(fresh_court: Court, tmp_path_factory):
    """A court, its backup, what came before and after, and the receipts of both."""
    folder = tmp_path_factory.mktemp("backup")
    court = fresh_court.copy_to(folder / "court")
    evidence = folder / "evidence"
    evidence.mkdir()
    (evidence / "before.txt").write_text("before")
    (evidence / "big.bin").write_bytes(random.Random(1).randbytes(300_000))
    before = court.filed(evidence)["items"]
    backup = folder / "court.jcbackup"
    done = court("backup", backup)
    assert done.code == 0, done
    (evidence / "after.txt").write_text("after")
    court_later = court.copy_to(folder / "later")
    after = court_later.filed(evidence / "after.txt")["items"]

    class Kept:
        pass

    kept = Kept()
    kept.folder, kept.court, kept.later, kept.evidence, kept.backup = folder, court, court_later, evidence, backup
    kept.receipt_before, kept.receipt_after = pathlib.Path(before[0]["receipt"]), pathlib.Path(after[0]["receipt"])
    kept.before = before
    return kept


def restore(backup, folder, *args):
    return run("--json", "restore", backup, folder, *args)


def test_restored_it_verifies_and_files_again(kept, tmp_path: pathlib.Path) -> None:
    done = restore(kept.backup, tmp_path / "court", "--last", kept.receipt_before)
    assert done.code == 0, done
    court = Court(tmp_path / "court")
    court.sound()
    assert {i["number"] for i in court.items()} == {i["number"] for i in kept.before}
    assert court.verify(kept.evidence / "before.txt").code == 0
    assert court.status()["ledger"]["writability"] == "writable"
    size = court.status()["ledger"]["size"]
    document = court.filed(kept.evidence / "after.txt")
    receipts_valid(kept.court.trust, [(kept.evidence / "after.txt", document["items"][0]["receipt"])])
    assert court.status()["ledger"]["size"] == size + 1
    # Keys and identities are for their owner alone, as before.
    for name in (court.dir / "keys").iterdir():
        assert name.stat().st_mode & 0o077 == 0
    assert leftovers(tmp_path) == []
    court.sound()


def test_without_anything_from_outside_it_is_not_restored(kept, tmp_path: pathlib.Path) -> None:
    done = restore(kept.backup, tmp_path / "court")
    assert done.code in (3, 64) and done.json["error"]["reason"] == "last_needed", done
    assert not (tmp_path / "court").exists()


@pytest.mark.parametrize("last", ["receipt", "checkpoint"])
def test_a_backup_behind_what_is_known_can_only_be_read(kept, tmp_path: pathlib.Path, last: str) -> None:
    outside = kept.receipt_after
    if last == "checkpoint":
        assert kept.later("log", "export", tmp_path / "log").code == 0
        outside = tmp_path / "log" / "checkpoint"
    done = restore(kept.backup, tmp_path / "court", "--last", outside)
    assert done.code == 0, done
    court = Court(tmp_path / "court")
    only_read(court, kept)


def only_read(court: Court, kept) -> None:
    assert court.status()["ledger"]["writability"] in ("no_signer_state", "behind_signed")
    size = court.status()["ledger"]["size"]
    done = court.file(kept.evidence / "after.txt")
    assert done.code == 3 and done.json["error"]["reason"] == "read_only", done
    assert court.acting("administrator", "staff", "revoke", "李书记员 (演示)", "--reason", "x").code == 3
    assert court.status()["ledger"]["size"] == size and court.pending() == []
    assert court.verify(kept.evidence / "before.txt").code == 0


def test_behind_the_signer_state_found_there(kept, tmp_path: pathlib.Path) -> None:
    shutil.copytree(kept.later.dir / "signer", tmp_path / "court" / "signer")
    done = restore(kept.backup, tmp_path / "court")
    assert done.code == 0, done
    only_read(Court(tmp_path / "court"), kept)
    # Not even an older receipt talks it out of what its keys have signed.
    shutil.copytree(kept.later.dir / "signer", tmp_path / "second" / "signer")
    assert restore(kept.backup, tmp_path / "second", "--last", kept.receipt_before).code == 0
    only_read(Court(tmp_path / "second"), kept)


def test_with_the_signer_state_of_the_backup_s_time(kept, tmp_path: pathlib.Path) -> None:
    shutil.copytree(kept.court.dir / "signer", tmp_path / "court" / "signer")
    assert restore(kept.backup, tmp_path / "court").code == 0
    court = Court(tmp_path / "court")
    court.filed(kept.evidence / "after.txt")
    court.sound()


def test_a_receipt_of_another_ledger(kept, fresh_court: Court, tmp_path: pathlib.Path) -> None:
    assert run("demo", tmp_path / "other").code == 0
    other = Court(tmp_path / "other")
    receipt = other.filed(kept.evidence / "before.txt")["items"][0]["receipt"]
    done = restore(kept.backup, tmp_path / "court", "--last", receipt)
    assert done.code == 3 and done.json["error"]["reason"] == "other_ledger", done
    assert not (tmp_path / "court").exists()
    junk = tmp_path / "junk"
    for content in (b"", b"{}", os.urandom(1000), kept.receipt_before.read_bytes()[:500]):
        junk.write_bytes(content)
        assert restore(kept.backup, tmp_path / "court", "--last", junk).code == 65
    assert restore(kept.backup, tmp_path / "court", "--last", tmp_path / "missing").code == 66
    assert not (tmp_path / "court").exists()


def test_never_over_something(kept, tmp_path: pathlib.Path) -> None:
    (tmp_path / "court").mkdir()
    (tmp_path / "court" / "letter.txt").write_text("mine")
    done = restore(kept.backup, tmp_path / "court", "--last", kept.receipt_before)
    assert done.code == 3 and (tmp_path / "court" / "letter.txt").read_text() == "mine", done
    assert restore(kept.backup, kept.court.dir, "--last", kept.receipt_before).code == 3
    kept.court.sound()


def damaged_everywhere(data: bytes, rounds: int):
    chance = random.Random(6)
    for _ in range(rounds):
        at = chance.randrange(len(data))
        yield at, data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1:]


def members(backup: pathlib.Path):
    """Byte ranges that mean something: headers and contents, not what fills the blocks up."""
    import tarfile
    with tarfile.open(backup) as tar:
        for member in tar:
            yield member.offset_data, member.size
            yield member.offset, 100


def test_flipped_bytes(kept, tmp_path: pathlib.Path) -> None:
    """In any member or name: 1 or 65, and no workspace comes of it."""
    data = kept.backup.read_bytes()
    chance = random.Random(8)
    ranges = [r for r in members(kept.backup) if r[1]]
    bad = tmp_path / "bad.jcbackup"
    for n in range(len(ranges) * (6 if EXTENDED else 1)):
        begin, size = ranges[n % len(ranges)]
        at = begin + chance.randrange(size)
        if size == 100 and data[at] == 0 and 0 in data[begin:at]:
            continue  # behind the end of a name
        bad.write_bytes(data[:at] + bytes([data[at] ^ 0x01]) + data[at + 1:])
        done = run("--json", "verify-backup", bad)
        assert done.code in (1, 65), (at, done)
        if n % 8 == 0:
            done = restore(bad, tmp_path / "court", "--last", kept.receipt_before)
            assert done.code in (1, 65), (at, done)
            assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.jcbackup"]


def test_flipped_bytes_anywhere(kept, tmp_path: pathlib.Path) -> None:
    """What the check lets pass (filling between members) restores to exactly what was backed up."""
    bad = tmp_path / "bad.jcbackup"
    for at, data in damaged_everywhere(kept.backup.read_bytes(), 300 if EXTENDED else 40):
        bad.write_bytes(data)
        done = run("--json", "verify-backup", bad)
        assert done.code in (0, 1, 65), (at, done)
        if done.code == 0:
            assert restore(bad, tmp_path / "court", "--last", kept.receipt_before).code == 0
            Court(tmp_path / "court").sound()
            shutil.rmtree(tmp_path / "court")


def test_cut(kept, tmp_path: pathlib.Path) -> None:
    data = kept.backup.read_bytes()
    chance = random.Random(2)
    bad = tmp_path / "bad.jcbackup"
    # The end marker of a tar alone may be missing: everything before it is still listed and checked.
    end = max(begin + size for begin, size in members(kept.backup))
    for n in [0, 1, 511, 512, 513, end - 1, *[chance.randrange(end) for _ in range(100 if EXTENDED else 15)]]:
        bad.write_bytes(data[:n])
        done = run("--json", "verify-backup", bad)
        assert done.code in (1, 65), (n, done)
        done = restore(bad, tmp_path / "court", "--last", kept.receipt_before)
        assert done.code in (1, 65) and not (tmp_path / "court").exists(), (n, done)


def test_not_a_backup(kept, tmp_path: pathlib.Path) -> None:
    bad = tmp_path / "bad.jcbackup"
    for content in (b"", b"hello", os.urandom(1 << 20), kept.receipt_before.read_bytes(), b"\0" * (1 << 16)):
        bad.write_bytes(content)
        done = run("--json", "verify-backup", bad)
        assert done.code in (1, 65), done
    assert run("--json", "verify-backup", tmp_path / "missing").code == 66
    assert run("--json", "verify-backup", tmp_path).code in (1, 65, 66)


def repack(source: pathlib.Path, target: pathlib.Path, change) -> None:
    """The same archive with `change(name, content)` → (name, content) or None, and a list that fits it."""
    import hashlib
    import io
    import tarfile
    listed = []
    with tarfile.open(source) as old, tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as new:
        for member in old:
            if member.name == "manifest-sha256.txt":
                continue
            for name, content, kind in change(member.name, old.extractfile(member).read()):
                info = tarfile.TarInfo(name)
                info.type = kind
                info.size = len(content) if kind == tarfile.REGTYPE else 0
                if kind == tarfile.SYMTYPE:
                    info.linkname = "/etc"
                new.addfile(info, io.BytesIO(content) if info.size else None)
                listed.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
        text = "".join(listed).encode()
        info = tarfile.TarInfo("manifest-sha256.txt")
        info.size = len(text)
        new.addfile(info, io.BytesIO(text))


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "keys/../../outside", "keys/sub/file", "vault/objects/aa/../../../../x", "receipts/x",
                                  "signer/state", "keys/", "vault/objects/zz/short", "extra.txt"])
def test_foreign_members(kept, tmp_path: pathlib.Path, name: str) -> None:
    """A list that fits does not make a member that no backup has."""
    import tarfile
    bad = tmp_path / "bad.jcbackup"
    repack(kept.backup, bad, lambda n, c: [(n, c, tarfile.REGTYPE)] + ([(name, b"x", tarfile.REGTYPE)] if n == "workspace.toml" else []))
    done = restore(bad, tmp_path / "court", "--last", kept.receipt_before)
    assert done.code in (1, 65), done
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.jcbackup"] and not pathlib.Path("/tmp/outside").exists()


def test_links_and_doubles(kept, tmp_path: pathlib.Path) -> None:
    import tarfile
    bad = tmp_path / "bad.jcbackup"
    for change in (lambda n, c: [(n, c, tarfile.REGTYPE)] + ([("keys/x", b"", tarfile.SYMTYPE)] if n == "workspace.toml" else []),
                   lambda n, c: [(n, c, tarfile.REGTYPE)] * (2 if n == "trust.jct" else 1)):
        repack(kept.backup, bad, change)
        assert run("--json", "verify-backup", bad).code in (1, 65)
        assert restore(bad, tmp_path / "court", "--last", kept.receipt_before).code in (1, 65)
        assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.jcbackup"]


def test_a_consistent_forgery(kept, tmp_path: pathlib.Path) -> None:
    """Somebody repacks the backup with a changed ledger and a list that fits: the audit after it says so."""
    import tarfile
    bad = tmp_path / "bad.jcbackup"

    def change(name, content):
        if name == "ledger/ledger.sqlite":
            import sqlite3
            file = tmp_path / "edit.sqlite"
            file.write_bytes(content)
            from faults import vandalise
            vandalise(file, "UPDATE entries SET body=CAST(substr(body,1,60)||x'00'||substr(body,62) AS BLOB) WHERE idx=3")
            content = file.read_bytes()
            for left in tmp_path.glob("edit.sqlite*"):
                left.unlink()
        return [(name, content, tarfile.REGTYPE)]

    repack(kept.backup, bad, change)
    done = restore(bad, tmp_path / "court", "--last", kept.receipt_before)
    assert done.code in (0, 1, 3), done
    if done.code == 0:
        court = Court(tmp_path / "court")
        assert court.audit().code == 1
        assert court.file(kept.evidence / "after.txt").code in (1, 3)


def test_a_backup_does_not_lie_in_its_workspace(kept) -> None:
    assert kept.court("backup", kept.court.dir / "inside.jcbackup").code in (3, 64)
    assert not (kept.court.dir / "inside.jcbackup").exists()


def test_a_backup_of_what_waits_completes_after_restoring(fresh_court: Court, evidence: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """The outbox is in it."""
    from faults import faketime
    if not shutil.which("faketime"):
        pytest.skip("the package faketime is missing")
    court = fresh_court.copy_to(tmp_path / "court")
    (evidence / "a.txt").write_text("a")
    first = court.filed(evidence / "a.txt")["items"][0]["receipt"]
    (evidence / "b.txt").write_text("b")
    assert court.file("--wait", "0", evidence / "b.txt", wrap=faketime("-1d")).code == 75
    assert court("backup", tmp_path / "b.jcbackup", wrap=faketime("-1d")).code == 0
    assert restore(tmp_path / "b.jcbackup", tmp_path / "again", "--last", first).code == 0
    again = Court(tmp_path / "again")
    assert len(again.pending()) == 1
    assert again("outbox", "retry").code == 0 and again.pending() == []
    again.sound()
