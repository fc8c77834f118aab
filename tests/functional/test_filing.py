# SPDX-License-Identifier: Apache-2.0
"""`jchain file`: what is filed, what is not, and what the exit status says."""
import base64
import hashlib
import os
import pathlib
import subprocess
import unicodedata

import pytest

from conftest import CASE, environment, jchain, program


def test_a_batch_is_anchored_with_receipts(filed):
    report = filed.report
    assert report["filing"]["state"] == "anchored" and report["filing"]["index"] is not None
    assert report["summary"] == {"filed": 3, "failed": 0, "waiting": 0, "skipped": 0}
    for item, path in zip(report["items"], filed.files):
        assert item["path"] == str(path) and "pathBytes" not in item
        assert item["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert item["sm3"] == subprocess.run(["openssl", "dgst", "-sm3", "-r", path], capture_output=True, text=True, check=True).stdout[:64]
        assert item["size"] == path.stat().st_size
        assert item["number"] and item["error"] is None
        receipt = pathlib.Path(item["receipt"])
        assert receipt.parent == filed.dir / "receipts" and receipt.name == path.name + ".jcr" and receipt.is_file()


def test_awkward_names(court, tmp_path):
    folder = tmp_path / "奇怪 的 名字"
    folder.mkdir()
    names = [b"-dash", b"--json", "it's \"q\" $x; `y`".encode(), "表情😀.txt".encode(), "Cafe\u0301.txt".encode(), b"line\nbreak", b"\x1b[31mred", "长".encode() * 80 + b".txt", b" leading"]
    gbk = "证据.txt".encode("gbk")
    names.append(gbk)
    for i, name in enumerate(names):
        with open(os.fsencode(folder) + b"/" + name, "wb") as f:
            f.write(b"%d" % i)
    report = court.file(folder)
    assert report["summary"]["filed"] == len(names)
    seen = set()
    for item in report["items"]:
        raw = base64.b64decode(item["pathBytes"]) if "pathBytes" in item else item["path"].encode()
        seen.add(os.path.basename(raw))
        receipt = pathlib.Path(item["receipt"])
        assert receipt.is_file() and len(receipt.name.encode()) <= 255
        assert not any(unicodedata.category(c) == "Cc" for c in receipt.name)
    assert seen == set(names)
    assert sum("pathBytes" in item for item in report["items"]) == 1
    # The same file again from its own folder, by its name behind "--".
    again = court.run("verify", "--", "-dash", "--json", cwd=folder)
    assert again.returncode == 0, again.stdout.decode() + again.stderr.decode()
    shown = court.run("verify", folder)
    assert shown.returncode == 0 and b"\x1b" not in shown.stdout and "😀" in shown.stdout.decode()


def test_a_bad_file_does_not_stop_the_others(court, tmp_path):
    (tmp_path / "good").write_text("good")
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    report = court.file(tmp_path / "good", tmp_path / "empty", tmp_path / "missing", tmp_path / "pipe", code=66)
    by_name = {pathlib.Path(i["path"]).name: i for i in report["items"]}
    assert by_name["good"]["state"] == "anchored"
    assert by_name["empty"]["error"] == "empty" and by_name["missing"]["error"] == "not_found" and by_name["pipe"]["error"] == "special_file"
    assert all(by_name[n]["number"] is None and by_name[n]["receipt"] is None for n in ("empty", "missing", "pipe"))
    shown = court.run("file", "--case", CASE, tmp_path / "empty")
    assert shown.returncode == 3 and "--allow-empty" in shown.stdout.decode()


def test_an_empty_file_with_a_reason(court, tmp_path):
    (tmp_path / "empty.log").touch()
    report = court.file(tmp_path / "empty.log", more=["--allow-empty", "日志本来就是空的"])
    assert report["items"][0]["state"] == "anchored" and report["items"][0]["size"] == 0
    assert court.run("verify", tmp_path / "empty.log").returncode == 0


def test_options(court, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("options")
    (tmp_path / "form.json").write_text('{"maker": "李某", "device": "手机"}')
    out = tmp_path / "new" / "receipts"
    report = court.file(path, more=["--sha512", "--no-seal", "--purpose", "证明借款", "--form", tmp_path / "form.json", "--receipts", out])
    item = report["items"][0]
    assert item["sha512"] == hashlib.sha512(b"options").hexdigest()
    assert pathlib.Path(item["receipt"]) == out / "a.txt.jcr"
    assert not any((court.dir / "vault" / "objects").rglob(item["sha256"]))
    shown = court.json("receipt-show", "receipt", "show", item["receipt"])
    assert shown["descriptor"]["purposeText"] == "证明借款" and shown["descriptor"]["formFields"] == 2
    assert court.run("verify", "--receipt", item["receipt"], path).returncode == 0


def test_a_duplicate_is_filed_with_a_warning(court, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("twice")
    first = court.file(path)["items"][0]
    second = court.file(path)["items"][0]
    assert second["state"] == "anchored" and second["number"] != first["number"]
    assert second["duplicate"]["of"] == first["number"]
    assert pathlib.Path(first["receipt"]).name == "a.txt.jcr" and pathlib.Path(second["receipt"]).name == "a.txt (2).jcr"


def test_other_courts_numbers_are_accepted_and_wrong_ones_refused(court, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x")
    done = court.json("file", "file", "--case", "(2021)京01民初9号", path)
    assert done["filing"]["otherCourt"] is True
    wrong = court.run("--json", "file", "--case", "hello", path)
    assert wrong.returncode == 65


def test_roles_may_not_be_mixed(court, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x")
    for who in ("judge", "operator", "administrator"):
        out = court.json("error", "--as", court.identity(who), "file", "--case", CASE, path, code=3)
        assert out["error"]["code"] == "refused"
    events = court.json("custody-log", "custody", "log")["events"]
    assert sum(e["kind"] == "access-denied" for e in events) == 3


def test_no_wait_is_kept_safely_or_done(court, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x")
    done = court.run("--json", "file", "--case", CASE, "--wait", "0", path)
    assert done.returncode in (0, 75)
    court.json("outbox", "outbox", "retry")
    assert court.json("outbox", "outbox")["pending"] == []
    assert court.run("verify", path).returncode == 0


def test_nothing_but_the_folder(tmp_path):
    before = {p for p in tmp_path.rglob("*")}
    assert jchain("demo", tmp_path / "d", cwd=tmp_path, env={"HOME": str(tmp_path / "home")}).returncode == 0
    assert {p for p in tmp_path.rglob("*") if (tmp_path / "d") not in p.parents and p != tmp_path / "d"} == before
    again = jchain("--json", "demo", tmp_path / "d")
    assert again.returncode == 3 and b'"error"' in again.stdout


def test_two_writers_wait_for_each_other(court, tmp_path):
    files = []
    for i in range(3):
        path = tmp_path / f"{i}.txt"
        path.write_text(str(i))
        files.append(path)
    running = [subprocess.Popen([program(), "--workspace", court.dir, "file", "--case", CASE, f], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) for f in files]
    for r in running:
        r.communicate(timeout=60)
    assert [r.returncode for r in running] == [0, 0, 0]
    assert court.run("verify", *files).returncode == 0
