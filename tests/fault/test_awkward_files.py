# SPDX-License-Identifier: Apache-2.0
"""Files as they come: each has its own outcome, none stops the others, names come back byte for byte."""
import os
import pathlib
import shutil
import socket

import pytest

from faults import IS_ROOT, NOBODY, Court, as_nobody, by_path, raw_path, receipts_valid, run

NAMES = [
    "合同（扫描件）①.pdf".encode(),
    "😀 evidence 📷.jpg".encode(),
    b" leading and trailing ",
    b"two\nlines\tand a tab.txt",
    b"-rf",
    b"--case",
    b"it's \"quoted\" $HOME `x` %s.txt",
    b"\xff\xfe not utf-8 \x80.bin",
    "e\u0301 decomposed.txt".encode(),
    "\u202egnp.exe".encode(),
    b"a" * 255,
    "证".encode() * 85,
    b".hidden",
    b"back\\slash",
    b"bell\x07escape\x1b[31m",
]


def test_every_name_is_filed_and_comes_back_exactly(court: Court, evidence: pathlib.Path) -> None:
    for i, name in enumerate(NAMES):
        with open(os.path.join(os.fsencode(evidence), name), "wb") as f:
            f.write(b"content %d" % i)
    document = court.filed(evidence)
    expected = {os.path.join(os.fsencode(evidence), n) for n in NAMES}
    assert set(by_path(document)) == expected
    assert all(i["state"] == "anchored" and i["error"] is None and i["number"] for i in document["items"])
    assert set(map(raw_path, court.items())) == expected
    # Receipts: valid UTF-8, no control characters, at most 255 bytes, and each fits its own file.
    for path, item in by_path(document).items():
        name = os.path.basename(item["receipt"])
        assert all(ord(c) >= 0x20 and ord(c) != 0x7F for c in name) and len(name.encode()) <= 255
    receipts_valid(court.trust, [(os.fsdecode(p), i["receipt"]) for p, i in by_path(document).items()])
    court.sound()


def test_names_that_begin_with_a_dash_can_be_named(court: Court, evidence: pathlib.Path) -> None:
    (evidence / "-rf").write_text("dash")
    done = court("file", "--case", "（2021）辽06民初123号", "--", "-rf", cwd=evidence)
    assert done.code == 0, done
    assert raw_path(done.json["items"][0]) == os.fsencode(evidence / "-rf")


def test_same_names_in_many_folders_keep_their_receipts_apart(court: Court, evidence: pathlib.Path) -> None:
    for i in range(12):
        (evidence / str(i)).mkdir()
        (evidence / str(i) / "video.mp4").write_text(f"film {i}")
    document = court.filed(evidence)
    receipts = {i["receipt"] for i in document["items"]}
    assert len(receipts) == 12
    receipts_valid(court.trust, [(i["path"], i["receipt"]) for i in document["items"]])


def make_strange_things(evidence: pathlib.Path):
    """name → stable reason of its refusal"""
    (evidence / "good.txt").write_text("good")
    os.mkfifo(evidence / "fifo")
    server = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(evidence)
    server.bind("socket")
    os.chdir(here)
    server.close()
    (evidence / "link").symlink_to("good.txt")
    (evidence / "folder").mkdir()
    (evidence / "folder" / "up").symlink_to("..")
    (evidence / "loop").symlink_to("loop")
    (evidence / "dangling").symlink_to("nothing-there")
    (evidence / "device").symlink_to("/dev/null")
    (evidence / "empty.log").write_text("")
    return {"fifo": "special_file", "socket": "special_file", "link": "symlink", "folder/up": "symlink", "loop": "symlink_loop",
            "dangling": "symlink", "device": "symlink", "empty.log": "empty"}


def test_each_strange_thing_has_its_own_reason(court: Court, evidence: pathlib.Path) -> None:
    reasons = make_strange_things(evidence)
    done = court.file(evidence)
    assert done.code == 66, done
    items = by_path(done.json)
    got = {os.fsdecode(p)[len(str(evidence)) + 1:]: i for p, i in items.items()}
    assert {n: i["error"] for n, i in got.items()} == {"good.txt": None, **reasons}
    assert got["good.txt"]["state"] == "anchored"
    for name in reasons:
        assert got[name]["state"] == "refused" and got[name]["number"] is None and got[name]["receipt"] is None, got[name]
        assert got[name]["message"]
    assert done.json["summary"] == {"filed": 1, "failed": len(reasons), "waiting": 0, "skipped": 0}
    # The table for people names every one of them too.
    table = run("--workspace", court.dir, "--lang", "en", "file", "--case", "（2021）辽06民初123号", evidence)
    assert table.code == 66
    for name in reasons:
        assert str(evidence / name) in table.out.decode(), (name, table)
    court.sound()


def test_named_directly(court: Court, evidence: pathlib.Path) -> None:
    """A link that a person names is followed; a device, a missing file or a loop is refused, each alone."""
    make_strange_things(evidence)
    for name, code, reason in (("fifo", 66, "special_file"), ("socket", 66, "special_file"), ("loop", 66, "symlink_loop"),
                               ("dangling", 66, "not_found"), ("missing", 66, "not_found"), ("empty.log", 3, "empty")):
        done = court.file(evidence / name)
        assert done.code == code and done.json["items"][0]["error"] == reason, done
    for device in ("/dev/null", "/dev/zero"):
        done = court.file(device)
        assert done.code == 66 and done.json["items"][0]["error"] == "special_file", done
    document = court.filed(evidence / "link")
    assert document["items"][0]["sha256"] == court.filed(evidence / "good.txt")["items"][0]["sha256"]
    assert len(court.items()) == 2


def test_empty_with_a_reason(court: Court, evidence: pathlib.Path) -> None:
    (evidence / "日志.txt").write_text("")
    assert court.file(evidence / "日志.txt").code == 3
    document = court.filed("--allow-empty", "设备无记录", evidence / "日志.txt")
    assert document["items"][0]["size"] == 0 and document["items"][0]["state"] == "anchored"
    done = court.verify(evidence / "日志.txt")
    assert done.code == 0 and done.json["results"][0]["size"] == 0, done
    receipts_valid(court.trust, [(evidence / "日志.txt", document["items"][0]["receipt"])])


def test_an_empty_folder_files_nothing(court: Court, evidence: pathlib.Path) -> None:
    done = court.file(evidence)
    assert done.code != 0 and done.json["items"] == [], done
    assert court.status()["filings"] == 0


def test_proc_and_other_files_without_fixed_content(court: Court, evidence: pathlib.Path) -> None:
    (evidence / "good").write_text("x")
    done = court.file("/proc/self/mem", "/proc/self/status", evidence / "good")
    assert done.code in (66, 3), done
    items = by_path(done.json)
    assert items[os.fsencode(evidence / "good")]["state"] == "anchored"
    assert items[b"/proc/self/mem"]["error"] and items[b"/proc/self/mem"]["number"] is None
    assert items[b"/proc/self/status"]["error"], "it has size 0 and yet content: never filed as what it is not"


@pytest.mark.skipif(not IS_ROOT or not shutil.which("setpriv"), reason="only root can become somebody who may not read")
def test_unreadable_files_and_folders(fresh_court: Court, world_open_tmp: pathlib.Path) -> None:
    """499 of 500 are filed; the unreadable one is listed with its cause, and filed alone once it can be read."""
    court = fresh_court.copy_to(world_open_tmp / "court")
    evidence = world_open_tmp / "evidence"
    (evidence / "closed").mkdir(parents=True)
    (evidence / "closed" / "inside.txt").write_text("nobody sees this")
    for i in range(500):
        (evidence / f"证据（一）·录音 {i:03}.mp3").write_text(f"sound {i}")
    secret = evidence / "证据（一）·录音 250.mp3"
    for base, names, files in os.walk(world_open_tmp):
        for name in [*names, *files]:
            os.lchown(os.path.join(base, name), NOBODY, NOBODY)
    os.chown(secret, 0, 0)
    secret.chmod(0o600)
    os.chown(evidence / "closed", 0, 0)
    (evidence / "closed").chmod(0o700)
    done = court.file(evidence, wrap=as_nobody())
    assert done.code == 66, done
    failed = {p: i["error"] for p, i in by_path(done.json).items() if i["error"]}
    assert failed == {os.fsencode(secret): "unreadable", os.fsencode(evidence / "closed"): "unreadable"}
    assert done.json["summary"]["filed"] == 499
    secret.chmod(0o644)
    done = court.file(secret, wrap=as_nobody())
    assert done.code == 0 and done.json["items"][0]["duplicate"] is None, done
    assert len(court("case", "show", "（2021）辽06民初123号", wrap=as_nobody()).json["items"]) == 500


def test_a_path_named_twice_is_filed_once(court: Court, evidence: pathlib.Path) -> None:
    (evidence / "one").write_text("1")
    document = court.filed(evidence / "one", evidence, evidence / "." / "one")
    assert len(document["items"]) == 1


def test_filing_a_finished_path_again_warns_and_files(court: Court, evidence: pathlib.Path) -> None:
    (evidence / "one").write_text("1")
    first = court.filed(evidence)["items"][0]
    again = court.filed(evidence)["items"][0]
    assert first["duplicate"] is None and again["duplicate"]["of"] == first["number"]
    assert again["number"] != first["number"] and again["receipt"] != first["receipt"] and again["resumed"] is False
    receipts_valid(court.trust, [(evidence / "one", first["receipt"]), (evidence / "one", again["receipt"])][1:])
    receipts_valid(court.trust, [(evidence / "one", first["receipt"])])
