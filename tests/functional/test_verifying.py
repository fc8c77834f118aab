# SPDX-License-Identifier: Apache-2.0
"""`jchain verify`: the three words, the five rows, and which exit status wins."""
import json
import os
import pathlib
import re
import shutil

import pytest

from conftest import document, jchain, validate

CHECKS = ["identity", "content", "time", "ledger", "provenance"]


def verify(filed, *args, code):
    """Without a workspace: what a party has."""
    done = jchain("verify", "--json", "--trust", filed.trust, *args)
    assert done.returncode == code, (done.returncode, done.stdout.decode(), done.stderr.decode())
    out = document(done)
    validate("verify", out)
    return out


def test_offline_with_file_receipt_and_trust_set(filed):
    item, path = filed.items[0], filed.files[0]
    out = verify(filed, "--receipt", item["receipt"], path, code=0)
    result = out["results"][0]
    assert result["verdict"] == "consistent" and result["cause"] is None
    assert [c["id"] for c in result["checks"]] == CHECKS
    assert [c["outcome"] for c in result["checks"]] == ["pass"] * 4 + ["listed"]
    assert result["number"] == item["number"] and result["signers"] == ["210600"]
    assert result["anchoredAt"] and result["tokenTime"] and result["notBefore"]
    assert out["summary"] == {"consistent": 1, "inconsistent": 0, "undetermined": 0, "errors": 0}


def test_receipts_are_matched_by_content(filed, tmp_path):
    moved = tmp_path / "renamed"
    shutil.copy(filed.files[1], moved)
    receipts = [word for item in filed.items for word in ("--receipt", item["receipt"])]
    out = verify(filed, *receipts, *filed.files, moved, code=0)
    assert out["summary"]["consistent"] == 4
    assert [n["reason"] for n in out["results"][3]["notes"]] == ["name_differs"]


def test_a_changed_file_names_the_file(filed, tmp_path):
    path = tmp_path / filed.files[0].name
    data = bytearray(filed.files[0].read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    result = verify(filed, "--receipt", filed.items[0]["receipt"], path, code=1)["results"][0]
    assert result["verdict"] == "inconsistent" and result["cause"] == "file"
    assert [c["outcome"] for c in result["checks"]] == ["pass", "fail", "pass", "pass", "listed"]
    shown = jchain("verify", "--lang", "zh_CN", "--trust", filed.trust, "--receipt", filed.items[0]["receipt"], path).stdout.decode()
    lines = shown.splitlines()
    assert "核验不一致" in lines[0] and str(path) in lines[0] and lines[1].strip().startswith("原因：文件")
    assert len([l for l in lines if re.match(r"\s+[✔✖◇◐–] [一二三四五] ", l)]) == 5
    groups = [re.findall(r"\b[0-9a-f]{4}\b", l) for l in lines if re.search(r"(登记|本次)  ([0-9a-f]{4} ){8}", l)]
    assert len(groups) == 4 and len(groups[0]) == 16 and groups[0] != groups[1]
    assert "^^^^" in shown and "上链之后" in lines[-1]


def test_a_receipt_alone_and_a_file_alone(filed, tmp_path):
    alone = verify(filed, filed.items[0]["receipt"], code=2)["results"][0]
    assert alone["verdict"] == "undetermined" and alone["checks"][1]["reason"] == "no_file" and alone["checks"][3]["outcome"] == "pass"
    path = tmp_path / "unknown"
    path.write_text("nobody filed this")
    assert verify(filed, path, code=2)["results"][0]["checks"][1]["reason"] == "no_receipt"


def test_nothing_verified_is_never_consistent(filed, tmp_path):
    (tmp_path / "empty").mkdir()
    out = verify(filed, tmp_path / "empty", code=2)
    assert out["summary"]["consistent"] == 0


def write(path: pathlib.Path, content: str) -> pathlib.Path:
    path.write_text(content, "utf-8")
    return path


def test_an_edited_receipt_never_helps(filed, tmp_path):
    text = pathlib.Path(filed.items[0]["receipt"]).read_text()
    other = json.loads(pathlib.Path(filed.items[1]["receipt"]).read_text())
    mine = json.loads(text)

    def edited(**changes) -> str:
        return json.dumps({**mine, **changes}, ensure_ascii=False)

    assert jchain("verify", "--trust", filed.trust, "--receipt", write(tmp_path / "same.jcr", edited()), filed.files[0]).returncode == 0
    edits = {
        "truncated": (text[: len(text) // 2], 65),
        "junk": ("x" * 100000, 65),
        "empty": ("", 65),
        "other_item": (edited(item=other["item"]), 2),
        "other_number": (edited(number=other["number"]), 2),
        "unknown_key": (edited(note="trust me"), 65),
    }
    for name, (content, code) in edits.items():
        receipt = write(tmp_path / f"{name}.jcr", content)
        done = jchain("verify", "--json", "--trust", filed.trust, "--receipt", receipt, filed.files[0])
        out = document(done)
        validate("verify", out)
        result = out["results"][0]
        assert result["verdict"] != "consistent", name
        assert done.returncode in ({code, 1} if code == 2 else {code}), (name, done.returncode, result)
        if code == 65:
            assert result["error"]["code"] == "malformed" and result["cause"] == "receipt"


def test_which_exit_status_wins(filed, tmp_path):
    good, receipt = filed.files[0], filed.items[0]["receipt"]
    bad = tmp_path / filed.files[1].name
    bad.write_bytes(b"something else")
    unknown = tmp_path / "unknown"
    unknown.write_text("unknown")
    missing = tmp_path / "missing"
    receipts = ["--receipt", receipt, "--receipt", filed.items[1]["receipt"]]
    verify(filed, *receipts, good, code=0)
    verify(filed, *receipts, good, missing, code=66)
    verify(filed, *receipts, good, missing, unknown, code=2)
    out = verify(filed, *receipts, good, missing, unknown, bad, code=1)
    assert out["summary"] == {"consistent": 1, "inconsistent": 1, "undetermined": 1, "errors": 1}
    verify(filed, missing, code=66)
    first = jchain("verify", "--lang", "en", "--trust", filed.trust, *receipts, good, missing, unknown, bad).stdout.decode().splitlines()
    assert first[0].startswith("Consistent 1 · inconsistent 1")
    assert first[2].startswith("✖ Inconsistent")


def test_another_ledgers_trust_set(filed, court):
    done = jchain("verify", "--json", "--trust", court.trust, "--receipt", filed.items[0]["receipt"], filed.files[0])
    result = document(done)["results"][0]
    assert done.returncode == 2 and result["cause"] == "trust" and result["checks"][3]["reason"] == "other_ledger"


def test_trust_sets_that_cannot_be_used(filed, tmp_path):
    broken = tmp_path / "t.jct"
    broken.write_text("{}")
    for path, code in ((broken, 65), (tmp_path / "none.jct", 66)):
        done = jchain("verify", "--json", "--trust", path, "--receipt", filed.items[0]["receipt"], filed.files[0])
        assert done.returncode == code
        validate("error", document(done))


def test_with_a_workspace(court, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("with a workspace")
    item = court.file(path)["items"][0]
    by_number = court.json("verify", "verify", "--number", item["number"])
    assert by_number["results"][0]["number"] == item["number"] and by_number["summary"]["consistent"] == 1
    by_digest = court.json("verify", "verify", "--digest", item["sha256"].upper(), code=2)
    assert by_digest["results"][0]["number"] == item["number"]
    unknown = court.json("verify", "verify", "--digest", "0" * 64, code=2)
    assert unknown["results"][0]["number"] is None
    court.json("verify", "verify", "--online", path)
    path.write_text("with a changed workspace")
    court.json("verify", "verify", "--receipt", item["receipt"], path, code=1)
    kinds = [e["kind"] for e in court.json("custody-log", "custody", "log", item["number"])["events"]]
    assert kinds.count("mismatch") == 1 and kinds.count("verified") >= 2


def test_times_are_local_and_utc(filed):
    done = jchain("verify", "--trust", filed.trust, "--receipt", filed.items[0]["receipt"], filed.files[0], env={"TZ": "Asia/Shanghai"})
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+08:00 \(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\)", done.stdout.decode())


def test_the_verifier_leaves_no_trace(filed, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    jchain("verify", "--trust", filed.trust, "--receipt", filed.items[0]["receipt"], filed.files[0], cwd=home, env={"HOME": str(home), "TMPDIR": str(home)})
    assert list(home.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(filed, tmp_path):
    path = tmp_path / "locked"
    path.write_text("x")
    path.chmod(0)
    verify(filed, path, code=66)
