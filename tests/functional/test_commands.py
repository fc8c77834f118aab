# SPDX-License-Identifier: Apache-2.0
"""The other commands: cases, status, receipts, custody, audit, log, trust, staff, backups."""
import json
import pathlib
import shutil
import sqlite3
import subprocess

import pytest

from conftest import CASE, Court, document, jchain, validate


def test_cases(court):
    made = court.json("case", "case", "new", "(2022)辽06民初7号")
    assert made["case"] == "（2022）辽06民初7号" and made["otherCourt"] is False
    court.json("error", "case", "new", "（2022）辽06民初7号", code=3)
    court.json("error", "case", "new", "nonsense", code=65)
    cases = court.json("case-list", "case", "list")["cases"]
    assert "（2022）辽06民初7号" in [c["number"] for c in cases]
    assert court.json("case-show", "case", "show", "(2022)辽06民初7号")["items"] == []
    court.json("error", "case", "show", "(2022)辽06民初8号", code=66)


def test_case_show_has_the_items_of_file(filed):
    shown = filed.json("case-show", "case", "show", CASE)
    assert shown["case"] == CASE
    assert {i["number"] for i in shown["items"]} == {i["number"] for i in filed.items}
    assert set(filed.items[0]) <= set(shown["items"][0])


def test_status(filed):
    status = filed.json("status", "status")
    assert status["demonstration"] is True and status["items"] == 3 and status["pending"] == []
    assert status["ledger"]["id"] == filed.json("trust", "trust", "show")["fingerprint"]


def test_receipt_export(filed, tmp_path):
    one = filed.json("receipt-export", "receipt", "export", filed.items[0]["number"], "--to", tmp_path / "one")
    written = pathlib.Path(one["receipts"][0]["file"])
    assert written.parent == tmp_path / "one" and written.read_bytes() == pathlib.Path(filed.items[0]["receipt"]).read_bytes()
    every = filed.json("receipt-export", "receipt", "export", "--case", CASE, "--to", tmp_path / "all")
    assert every["summary"] == {"written": 3, "failed": 0}
    done = jchain("verify", "--trust", filed.trust, *[w for r in every["receipts"] for w in ("--receipt", r["file"])], *filed.files)
    assert done.returncode == 0
    # One digit changed is a slip that the check digits find; a number that nobody gave is not there.
    filed.json("error", "receipt", "export", filed.items[0]["number"][:-1] + "x", "--to", tmp_path / "no", code=65)
    assert filed.run("receipt", "export", "--to", tmp_path / "no").returncode == 64


def test_receipt_show_and_extract(filed, tmp_path):
    item = filed.items[0]
    shown = filed.json("receipt-show", "receipt", "show", item["receipt"])
    assert shown["number"] == item["number"] and shown["descriptor"]["digests"]["sha256"] == item["sha256"]
    assert shown["descriptor"]["case"] == CASE and shown["entry"]["index"] == filed.report["filing"]["index"]
    assert shown["entry"]["entryHash"] == filed.report["filing"]["entryHash"] and len(shown["tokens"]) == 1
    words = jchain("receipt", "show", item["receipt"], "--lang", "zh_CN").stdout.decode()
    for expected in (item["number"], CASE, "检查点", "时间戳", "证书", "盐值"):
        assert expected in words
    out = filed.json("receipt-extract", "receipt", "extract", item["receipt"], "--to", tmp_path / "parts")
    names = {pathlib.Path(f).name for f in out["files"]}
    assert names >= {"entry.bin", "receipt.tlog-proof", "descriptor.bin", "item-path.txt", "timestamp.tst", "evidence-record.ers", "certificates.pem", "tsa-chain.pem"}
    assert (tmp_path / "parts" / "receipt.tlog-proof").read_text().startswith("c2sp.org/tlog-proof@v1\n")
    before = {p: p.read_bytes() for p in (tmp_path / "parts").iterdir()}
    refused = filed.json("error", "receipt", "extract", item["receipt"], "--to", tmp_path / "parts", code=3)
    assert refused["error"]["reason"] == "would_overwrite"
    assert before == {p: p.read_bytes() for p in (tmp_path / "parts").iterdir()}
    filed.json("error", "receipt", "show", filed.files[0], code=65)
    filed.json("error", "receipt", "show", tmp_path / "none.jcr", code=66)


def test_custody(court, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x")
    number = court.file(path)["items"][0]["number"]
    added = court.json("custody-add", "custody", "add", number, "viewed", "庭审", "出示")
    assert added["detail"] == "庭审 出示"
    events = court.json("custody-log", "custody", "log", number)["events"]
    assert [e["kind"] for e in events][-1] == "viewed" and events[-1]["detail"] == "庭审 出示" and events[-1]["role"] == "clerk"
    assert {"filed", "timestamped", "anchored"} <= {e["kind"] for e in events}
    assert len(court.json("custody-log", "custody", "log")["events"]) >= len(events)
    assert court.run("custody", "add", number, "anchored").returncode == 64
    assert court.run("custody", "add", number, "no-such-event").returncode == 64


def test_audit_finds_a_changed_row(court, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x")
    court.file(path)
    sound = court.json("audit", "audit", "--deep")
    assert sound["sound"] is True and sound["findings"] == [] and sound["ledger"]["entries"] > 1
    assert court.json("audit", "audit")["deep"] is False
    sealed = next(p for p in (court.dir / "vault" / "objects").rglob("*") if p.is_file())
    sealed.chmod(0o600)
    sealed.write_bytes(b"y")
    found = court.json("audit", "audit", "--deep", code=1)
    assert found["sound"] is False and any(f["area"] == "archive" for f in found["findings"])
    words = court.run("audit", "--deep", "--lang", "zh_CN")
    assert words.returncode == 1 and words.stdout.decode().startswith("发现损坏")


def test_log_export_and_audit_of_it(filed, tmp_path):
    out = filed.json("log-export", "log", "export", tmp_path / "log")
    assert {"checkpoint", "tile", "policy", "policy-single", "trust.jct"} <= {p.name for p in (tmp_path / "log").iterdir()}
    with_trust = filed.json("audit-log", "audit", "--log", tmp_path / "log", "--trust", filed.trust)
    assert with_trust["sound"] and with_trust["authenticated"] and with_trust["size"] == out["size"]
    alone = document(jchain("audit", "--json", "--log", tmp_path / "log"))
    assert alone["sound"] and not alone["authenticated"]
    bundle = next(p for p in (tmp_path / "log" / "tile" / "entries").rglob("*") if p.is_file())
    data = bytearray(bundle.read_bytes())
    data[-1] ^= 1
    bundle.chmod(0o644)
    bundle.write_bytes(data)
    broken = jchain("audit", "--json", "--log", tmp_path / "log", "--trust", filed.trust)
    assert broken.returncode == 1
    validate("audit-log", document(broken))
    filed.json("error", "log", "export", tmp_path / "log", code=3)
    filed.json("error", "audit", "--log", tmp_path / "nothing", code=66)


def test_trust(court, filed, tmp_path):
    shown = court.json("trust", "trust", "show")
    assert len(shown["fingerprint"]) == 64 and shown["quorum"] == 1 and shown["staff"] >= 6
    exported = court.json("trust", "trust", "export", tmp_path / "mine.jct")
    assert exported["file"] == str(tmp_path / "mine.jct")
    court.json("trust", "trust", "update")
    other = filed.trust
    refused = court.json("error", "trust", "import", other, code=3)
    assert refused["error"]["reason"] == "not_confirmed"
    court.json("error", "trust", "import", other, "--fingerprint", "0" * 64, code=3)
    fingerprint = filed.json("trust", "trust", "show")["fingerprint"]
    court.json("trust", "trust", "import", other, "--fingerprint", fingerprint)
    assert jchain("trust", "show", tmp_path / "mine.jct").returncode == 0
    (tmp_path / "bad.jct").write_text("{}")
    court.json("error", "trust", "show", tmp_path / "bad.jct", code=65)


def test_staff(court, tmp_path):
    staff = court.json("staff-list", "staff", "list")["staff"]
    assert {"clerk", "judge", "administrator", "operator", "department"} <= {s["role"] for s in staff}
    clerk = next(s for s in staff if s["role"] == "clerk")
    revoke = ["staff", "revoke", clerk["certificateHash"], "--reason", "令牌遗失", "--yes"]
    court.json("error", *revoke, code=3)
    first = court.json("staff", "--as", court.identity("administrator"), *revoke, code=75)
    assert first["staff"]["state"] == "waiting_for_second"
    second = court.run("--json", "--as", court.identity("administrator2"), *revoke)
    out = document(second)
    assert second.returncode == 0 and out["staff"]["state"] == "revoked", out
    validate("staff", out)
    assert court.run("staff", "revoke", "x").returncode == 64
    assert court.run("staff", "revoke", "x", "--reason", "r", "--from", "yesterday").returncode == 64
    assert court.run("staff", "enrol", "x.pem", "--role", "king").returncode == 64


def test_backup_and_restore(court, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x")
    item = court.file(path)["items"][0]
    court.json("backup", "backup", tmp_path / "b.jcbackup")
    checked = jchain("--json", "verify-backup", tmp_path / "b.jcbackup")
    assert checked.returncode == 0
    validate("backup", document(checked))
    damaged = bytearray((tmp_path / "b.jcbackup").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "damaged").write_bytes(damaged)
    assert jchain("verify-backup", tmp_path / "damaged").returncode in (1, 65)
    alone = jchain("--json", "restore", tmp_path / "b.jcbackup", tmp_path / "r0")
    assert alone.returncode == 64 and document(alone)["error"]["reason"] == "last_needed"
    done = jchain("--json", "restore", tmp_path / "b.jcbackup", tmp_path / "r", "--last", item["receipt"])
    assert done.returncode == 0, done.stdout + done.stderr
    validate("backup", document(done))
    restored = jchain("--workspace", tmp_path / "r", "verify", path)
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert jchain("--workspace", tmp_path / "r", "audit", "--deep").returncode == 0


def test_init(court, tmp_path):
    """A real workspace from certificates of the demonstration's authority."""
    def pem(name):
        out = tmp_path / f"{name}.pem"
        subprocess.run(["openssl", "pkcs12", "-in", court.identity(name), "-nokeys", "-clcerts", "-passin", f"pass:{court.pin}", "-out", tmp_path / "bag"], check=True, capture_output=True)
        subprocess.run(["openssl", "x509", "-in", tmp_path / "bag", "-out", out], check=True, capture_output=True)
        return out

    chain = subprocess.run(["openssl", "pkcs12", "-in", court.identity("administrator"), "-nokeys", "-cacerts", "-passin", f"pass:{court.pin}"], check=True, capture_output=True).stdout
    (tmp_path / "bag").write_bytes(chain)
    subprocess.run(["openssl", "x509", "-in", tmp_path / "bag", "-out", tmp_path / "ca.pem"], check=True, capture_output=True)
    new = tmp_path / "real"
    done = jchain("--json", "init", "--court", "210600", "--administrator", pem("administrator"), "--ca", tmp_path / "ca.pem", new)
    assert done.returncode == 0, done.stdout + done.stderr
    validate("init", document(done))
    base = ["--json", "--workspace", new, "--as", court.identity("administrator")]
    enrolled = jchain(*base, "staff", "enrol", pem("clerk"), env={"JC_PIN": court.pin})
    assert enrolled.returncode == 0, enrolled.stdout + enrolled.stderr
    evidence = tmp_path / "a.txt"
    evidence.write_text("real")
    filed = jchain("--json", "--workspace", new, "--as", court.identity("clerk"), "file", "--case", CASE, evidence, env={"JC_PIN": court.pin})
    assert filed.returncode == 0, filed.stdout + filed.stderr
    again = jchain("--json", "init", "--court", "210600", "--administrator", pem("administrator"), "--ca", tmp_path / "ca.pem", new)
    assert again.returncode == 3
    assert jchain("init", "--court", "21", "--administrator", "x", "--ca", "y", tmp_path / "z").returncode == 64


def test_bench_prints_a_line_of_json(tmp_path):
    done = jchain("bench", "receipts-distinct", timeout=300)
    assert done.returncode == 0, done.stderr
    line = json.loads(done.stdout)
    validate("bench", line)
    assert line["row"] == "receipts-distinct" and line["peer"] is None
    assert jchain("bench", "no-such-row").returncode == 64


def test_every_schema_is_a_schema():
    from conftest import REFERENCE
    import jsonschema
    for path in REFERENCE.glob("*.schema.json"):
        jsonschema.validators.Draft202012Validator.check_schema(json.loads(path.read_text("utf-8")))
