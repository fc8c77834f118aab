# SPDX-License-Identifier: Apache-2.0
"""Somebody with the disk in hand edits the databases, the sealed copies and the logs: the audit says so and says where."""
import hashlib
import os
import pathlib
import sqlite3

import pytest

from faults import CASE, Court, read_rows, receipts_valid, run, vandalise


@pytest.fixture(scope="module")
def template(fresh_court: Court, tmp_path_factory):
    """Enough entries for a full tile, which is stored; a receipt of an early entry is kept outside."""
    folder = tmp_path_factory.mktemp("damaged")
    court = fresh_court.copy_to(folder / "court")
    evidence = folder / "evidence"
    evidence.mkdir()
    for i in range(4):
        (evidence / f"{i}.txt").write_text(f"evidence {i}")
    outside = folder / "outside"
    for i in range(4):
        court.filed("--receipts", outside, evidence / f"{i}.txt")
    court.sound()
    trust = folder / "trust.jct"
    assert court("trust", "update").code == 0
    trust.write_bytes(court.trust.read_bytes())
    return court, evidence, outside, trust


@pytest.fixture
def damaged(template, tmp_path: pathlib.Path):
    court, evidence, outside, trust = template
    return court.copy_to(tmp_path / "court"), evidence, outside, trust


def found(court: Court, *words) -> None:
    """Exit 1, and at least one finding names one of the words."""
    done = court.audit()
    assert done.code == 1, done
    if "findings" not in done.json:
        assert any(w in done.out.decode() for w in words), done
        return
    findings = done.json["findings"]
    assert done.json["sound"] is False and findings
    assert any(w in f"{f['what']} {f['where']} {f['message']}" for f in findings for w in words), (words, findings)


LAST = "(SELECT max(idx) FROM entries)"
LEDGER_EDITS = {
    "one byte of an entry": (["UPDATE entries SET body=CAST(substr(body,1,40)||x'00'||substr(body,42) AS BLOB) WHERE idx=7"], "entry 7"),
    "an entry's signature": (["UPDATE entries SET body=CAST(substr(body,1,length(body)-50)||x'11'||substr(body,length(body)-48) AS BLOB) WHERE idx=8"],
                             "entry 8"),
    "the charter": (["UPDATE entries SET body=CAST(substr(body,1,20)||x'ff'||substr(body,22) AS BLOB) WHERE idx=0"], "entry 0"),
    "an entry deleted": (["DELETE FROM entries WHERE idx=7"], "entry 7"),
    "the last entry deleted": ([f"DELETE FROM entries WHERE idx={LAST}"], "entry", "signed size", "size"),
    "an entry added": ([f"INSERT INTO entries SELECT idx+1, {{columns}} FROM entries WHERE idx={LAST}"], "entry"),
    "two entries swapped": (["UPDATE entries SET idx=-1 WHERE idx=7", "UPDATE entries SET idx=7 WHERE idx=8",
                             "UPDATE entries SET idx=8 WHERE idx=-1"], "entry 7", "entry 8"),
    "an index row deleted": (["DELETE FROM record_ids WHERE idx=7"], "record_ids"),
    "an index row moved": (["UPDATE record_ids SET idx=8 WHERE idx=7"], "record_ids"),
    "a control row added": (["INSERT INTO control(idx) VALUES(8)"], "control", "staff"),
    "a control row deleted": (["DELETE FROM control WHERE idx=3"], "control", "entry 3"),
    "a checkpoint edited": (["UPDATE checkpoints SET note=replace(note,'— ','— x') WHERE size=7"], "checkpoint 7"),
    "a checkpoint deleted": (["DELETE FROM checkpoints WHERE size=7"], "checkpoint 7"),
    "a checkpoint renamed": (["UPDATE checkpoints SET size=1000 WHERE size=7"], "checkpoint"),
    "the card": (["UPDATE cards SET card=CAST(substr(card,1,30)||x'41'||substr(card,32) AS BLOB)"], "card"),
    "a trigger left out": (["CREATE TABLE extra(x)"], "schema", "extra"),
    "an index added": (["CREATE INDEX extra ON record_ids(idx)"], "schema", "extra"),
}


@pytest.mark.parametrize("name", LEDGER_EDITS)
def test_the_ledger_edited(damaged, name: str) -> None:
    court, evidence, outside, trust = damaged
    statements, *words = LEDGER_EDITS[name]
    columns = ", ".join(r[1] for r in read_rows(court.ledger_file, "PRAGMA table_info(entries)")[1:])
    vandalise(court.ledger_file, *[s.format(columns=columns) for s in statements])
    found(court, *words)
    # The receipts outside need nothing of this.
    receipts_valid(trust, [(evidence / f"{i}.txt", outside / f"{i}.txt.jcr") for i in range(4)])
    # And whatever else is asked of it, nothing crashes and nothing is called fine that is not.
    assert court("status").code in (0, 1)
    assert court("log", "export", court.dir.parent / "log").code in (0, 1)


def test_a_dropped_trigger_is_noticed(damaged) -> None:
    court = damaged[0]
    with sqlite3.connect(court.ledger_file) as db:
        db.execute("DROP TRIGGER checkpoints_no_delete")
    db.close()
    found(court, "checkpoints_no_delete", "schema")


def test_an_entry_edited_and_every_hash_recomputed(damaged) -> None:
    """Tiles and leaves made to fit: then the signed checkpoints do not."""
    court, evidence, outside, trust = damaged
    body = bytearray(read_rows(court.ledger_file, "SELECT body FROM entries WHERE idx=8")[0][0])
    body[-3] ^= 1
    leaf = hashlib.sha256(b"\0" + bytes(body)).digest()
    columns = [r[1] for r in read_rows(court.ledger_file, "PRAGMA table_info(entries)")]
    statements = [("UPDATE entries SET body=? WHERE idx=8", (bytes(body),))]
    for column in columns:
        if column not in ("idx", "body"):
            kind = read_rows(court.ledger_file, f"SELECT typeof({column}), length({column}) FROM entries WHERE idx=8")[0]
            if kind == ("blob", 32):
                statements.append((f"UPDATE entries SET {column}=? WHERE idx=8", (leaf,)))
    vandalise(court.ledger_file, *statements)
    found(court, "entry 8", "signature", "size")
    receipts_valid(trust, [(evidence / "1.txt", outside / "1.txt.jcr")])


def test_an_older_ledger_put_back(template, tmp_path: pathlib.Path, evidence: pathlib.Path) -> None:
    """The file of last week in place of today's: it is whole in itself, and yet not what the keys have signed since."""
    court = template[0].copy_to(tmp_path / "court")
    old = court.ledger_file.read_bytes()
    (evidence / "new.txt").write_text("new")
    court.filed(evidence / "new.txt")
    for name in os.listdir(court.ledger_file.parent):
        (court.ledger_file.parent / name).unlink()
    court.ledger_file.write_bytes(old)
    found(court, "size", "signed")
    assert court.status()["ledger"]["writability"] == "behind_signed"
    (evidence / "more.txt").write_text("more")
    done = court.file(evidence / "more.txt")
    assert done.code in (1, 3), done
    assert run("--workspace", court.dir, "outbox", "retry").code in (0, 1, 3, 75)
    assert court.status()["ledger"]["writability"] == "behind_signed"


ARCHIVE_EDITS = {
    "a descriptor": (["UPDATE items SET descriptor=CAST(substr(descriptor,1,60)||x'01'||substr(descriptor,62) AS BLOB) WHERE rowid_is"], "JC210600", "item"),
    "a digest": (["UPDATE items SET sha256=zeroblob(32) WHERE rowid_is"], "JC210600", "item"),
    "a size": (["UPDATE items SET size=size+1 WHERE rowid_is"], "JC210600", "item"),
    "an item deleted": (["DELETE FROM items WHERE rowid_is"], "filing", "item"),
    "a filing deleted": (["DELETE FROM filings WHERE idx=7"], "item"),
    "an entry": (["UPDATE filings SET entry=CAST(substr(entry,1,30)||x'00'||substr(entry,32) AS BLOB) WHERE idx=7"], "filing"),
    "a proof": (["UPDATE filings SET proof=replace(proof,'index 7','index 8') WHERE idx=7"], "filing"),
    "a token": (["UPDATE filings SET tokens=CAST(substr(tokens,1,length(tokens)-2000)||x'00'||substr(tokens,length(tokens)-1998) AS BLOB) WHERE idx=7"], "filing", "archive"),
    "a time": (["UPDATE filings SET ledger_time=ledger_time-86400000 WHERE idx=7"], "filing"),
    "the record": (["UPDATE filings SET record=CAST(substr(record,1,20)||x'00'||substr(record,22) AS BLOB) WHERE idx=7"], "filing", "record"),
    "a custody event": (["UPDATE custody_entries SET body=CAST(substr(body,1,30)||x'41'||substr(body,32) AS BLOB) WHERE idx=5"], "custody event 5"),
    "a custody event deleted": (["DELETE FROM custody_entries WHERE idx=6"], "custody event 6"),
    "the last custody event deleted": (["DELETE FROM custody_entries WHERE idx=(SELECT max(idx) FROM custody_entries)"], "custody"),
    "a custody event added": (["INSERT INTO custody_entries SELECT idx+1, {columns} FROM custody_entries ORDER BY idx DESC LIMIT 1"],
                              "custody event"),
    "custody events swapped": (["UPDATE custody_entries SET idx=-1 WHERE idx=5", "UPDATE custody_entries SET idx=5 WHERE idx=6",
                                "UPDATE custody_entries SET idx=6 WHERE idx=-1"], "custody event 5", "custody event 6"),
    "a custody checkpoint": (["UPDATE custody_checkpoints SET note=replace(note,'— ','— y') WHERE size=6"], "custody checkpoint 6",
                             "custody checkpoints"),
    "the custody index": (["DELETE FROM custody_subjects WHERE idx=5"], "custody"),
    "a table added": (["CREATE TABLE extra(x)"], "schema", "extra"),
}


@pytest.mark.parametrize("name", ARCHIVE_EDITS)
def test_the_archive_edited(damaged, name: str) -> None:
    court, evidence, outside, trust = damaged
    statements, *words = ARCHIVE_EDITS[name]
    columns = ", ".join(r[1] for r in read_rows(court.archive_file, "PRAGMA table_info(custody_entries)")[1:])
    one = "filing=(SELECT id FROM filings WHERE idx=7) AND ordinal=1"
    vandalise(court.archive_file, *[s.format(columns=columns).replace("rowid_is", one) for s in statements])
    found(court, *words)
    receipts_valid(trust, [(evidence / f"{i}.txt", outside / f"{i}.txt.jcr") for i in range(4)])
    for args in (("status",), ("case", "show", CASE), ("custody", "log"), ("outbox", "retry"), ("file", "--case", CASE, evidence / "0.txt")):
        assert court(*args).code in (0, 1, 3, 75), args


def an_object(court: Court, file: pathlib.Path) -> pathlib.Path:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return court.dir / "vault" / "objects" / digest[:2] / digest


def test_a_sealed_copy_changed_or_gone(damaged) -> None:
    court, evidence, outside, trust = damaged
    changed, gone = an_object(court, evidence / "0.txt"), an_object(court, evidence / "1.txt")
    changed.chmod(0o600)
    changed.write_bytes(changed.read_bytes()[:-1] + b"X")
    gone.unlink()
    numbers = {pathlib.Path(i["path"]).name: i["number"] for i in court.items()}
    findings = {f["where"]: f["what"] for f in court.audit().json["findings"]}
    assert findings == {numbers["0.txt"]: "object_changed", numbers["1.txt"]: "object_missing"}
    # Filing the same content again puts a whole copy in its place.
    court.filed(evidence / "0.txt", evidence / "1.txt")
    court.sound()


def test_a_receipt_in_the_workspace_edited(damaged) -> None:
    court, evidence, outside, trust = damaged
    receipt = outside / "2.txt.jcr"
    whole = receipt.read_bytes()
    try:
        receipt.write_bytes(whole.replace(b"JC210600", b"JC210601", 1))
        found(court, "receipt")
    finally:
        receipt.write_bytes(whole)
    court.sound()


@pytest.mark.parametrize("what", ["ledger/ledger.sqlite", "archive/archive.sqlite"])
@pytest.mark.parametrize("how", ["empty", "cut", "random", "header", "gone"])
def test_database_files_destroyed(damaged, what: str, how: str) -> None:
    court, evidence, outside, trust = damaged
    file = court.dir / what
    for name in ("-wal", "-shm"):
        file.with_name(file.name + name).unlink(missing_ok=True)
    data = file.read_bytes()
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes({"empty": b"", "cut": data[: len(data) // 2], "random": os.urandom(len(data)), "header": b"\0" * 100 + data[100:]}[how])
    for args in (("audit", "--deep"), ("status",), ("case", "list"), ("file", "--case", CASE, evidence / "0.txt")):
        done = court(*args)
        assert done.code in (1, 66), (args, done)
    receipts_valid(trust, [(evidence / "3.txt", outside / "3.txt.jcr")])


def test_flipped_pages(template, tmp_path: pathlib.Path) -> None:
    """Bytes anywhere in the database files. Unused space may be anything; what is read must be right or said to be wrong."""
    import random
    chance = random.Random(4)
    noticed = 0
    rounds = 16
    for i in range(rounds):
        court = template[0].copy_to(tmp_path / f"court{i}")
        file = court.ledger_file if i % 2 else court.archive_file
        for name in ("-wal", "-shm"):
            file.with_name(file.name + name).unlink(missing_ok=True)
        data = bytearray(file.read_bytes())
        used = [n for n in range(100, len(data)) if data[n]]
        for at in chance.sample(used, 40):
            data[at] ^= 0x10
        file.write_bytes(data)
        done = court.audit()
        assert done.code in (1, 66), (i, done)
        noticed += 1
        for args in (("status",), ("case", "show", CASE), ("custody", "log")):
            assert court(*args).code in (0, 1, 66), args
    assert noticed == rounds


def test_signer_state_damaged_or_gone(damaged, evidence: pathlib.Path) -> None:
    court = damaged[0]
    state = court.dir / "signer" / "state"
    whole = state.read_bytes()
    (evidence / "x.txt").write_text("x")
    state.write_bytes(os.urandom(len(whole)))
    assert court.audit().code == 1
    assert court.file(evidence / "x.txt").code in (1, 3)
    state.unlink()
    done = court.file(evidence / "x.txt")
    assert done.code == 3, done
    assert court.status()["ledger"]["writability"] == "no_signer_state"
    state.write_bytes(whole)
    court.filed(evidence / "x.txt")
    court.sound()


@pytest.mark.parametrize("what", ["workspace.toml", "trust.jct", "keys/log.pem", "keys/cosigner.pem", "keys/service.pem", "keys/custody.pem",
                                  "keys/tsa.pem", "pki/tsa-chain.pem", "tsa/serial"])
@pytest.mark.parametrize("how", ["junk", "gone"])
def test_other_files_destroyed(damaged, what: str, how: str, evidence: pathlib.Path) -> None:
    """Said with a reason, and put right by putting the file back."""
    court = damaged[0]
    file = court.dir / what
    whole = file.read_bytes()
    (evidence / "x.txt").write_text("x")
    if how == "junk":
        file.write_bytes(b"junk\xff\n")
    else:
        file.unlink()
    done = court.file(evidence / "x.txt")
    if what == "trust.jct" or (what == "tsa/serial" and how == "gone"):
        assert done.code == 0, done  # not needed to file
    else:
        assert done.code in (1, 3, 65, 66, 77), done
        assert done.json["error"]["message"], done
    file.write_bytes(whole)
    file.chmod(0o600)
    court.filed(evidence / "x.txt")
    court.sound()
