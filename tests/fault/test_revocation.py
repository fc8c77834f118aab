# SPDX-License-Identifier: Apache-2.0
"""Who may sign, and until when: revocation by two, its moment, and refused roles. All through the program, with real ledgers."""
import pathlib
import shutil

import pytest

from authority import Pki
from faults import CASE, Court, checks, faketime, run, shifted

CLERK = "王书记员 (演示)"


def revoke(court: Court, who: str, name: str = CLERK, *args):
    return court.acting(who, "staff", "revoke", name, "--reason", "令牌遗失", *args)


def judged(court: Court, path: pathlib.Path, receipt):
    done = run("--json", "verify", "--trust", court.trust, "--receipt", receipt, path)
    return done.code, done.json["results"][0]


@pytest.fixture
def filed(court: Court, evidence: pathlib.Path):
    (evidence / "a.txt").write_text("a")
    item = court.filed(evidence / "a.txt")["items"][0]
    _, result = judged(court, evidence / "a.txt", item["receipt"])
    return evidence / "a.txt", item["receipt"], result


def test_two_administrators(court: Court, filed, evidence: pathlib.Path) -> None:
    path, receipt, _ = filed
    done = revoke(court, "administrator")
    assert done.code == 75, done
    # One alone changes nothing yet.
    (evidence / "b.txt").write_text("b")
    court.filed(evidence / "b.txt")
    again = revoke(court, "administrator")
    assert again.code == 3 and again.json["error"]["reason"] == "repeated_approval", again
    done = revoke(court, "administrator2")
    assert done.code == 0, done
    (evidence / "c.txt").write_text("c")
    done = court.file(evidence / "c.txt")
    assert done.code == 3 and done.json["error"]["reason"] == "signer_revoked", done
    assert [e["detail"] for e in court.events() if e["kind"] == "access-denied"] == ["filing"]
    staff = {s["name"]: s for s in court("staff", "list").json["staff"]}
    assert staff[CLERK]["state"] == "revoked"
    # What was filed before stays what it is; the colleague goes on.
    code, result = judged(court, path, receipt)
    assert code == 0, result
    done = court.acting("clerk2", "file", "--case", CASE, evidence / "c.txt")
    assert done.code == 0, done
    court.sound()


def test_the_moment_must_be_the_same(court: Court, filed) -> None:
    now = filed[2]["notBefore"]
    assert revoke(court, "administrator", CLERK, "--from", shifted(now, -3600)).code == 75
    assert revoke(court, "administrator2", CLERK, "--from", shifted(now, -7200)).code == 75, "another moment is another proposal"
    assert revoke(court, "administrator2", CLERK, "--from", shifted(now, -3600)).code == 0


@pytest.mark.parametrize("seconds,code,outcome", [(3600, 0, "pass"), (-3600, 1, "fail")])
def test_revoked_from(court: Court, filed, seconds: int, code: int, outcome: str) -> None:
    """The trust set from before still passes; the new one knows the moment."""
    path, receipt, result = filed
    old = court.dir.parent / "old.jct"
    old.write_bytes(court.trust.read_bytes())
    moment = shifted(result["notBefore"], seconds)
    assert revoke(court, "administrator", CLERK, "--from", moment).code == 75
    assert revoke(court, "administrator2", CLERK, "--from", moment).code == 0
    got, result = judged(court, path, receipt)
    assert got == code and checks(result)["identity"][0] == outcome, result
    assert result["cause"] == (None if code == 0 else "identity")
    if code == 0:
        assert result["notes"], "that the certificate was revoked later is said"
    done = run("--json", "verify", "--trust", old, "--receipt", receipt, path)
    assert done.code == 0, "what a trust set does not know it cannot hold against anybody"
    # Receipts written now say the same.
    exported = court.dir.parent / "exported"
    assert court("receipt", "export", result["number"], "--to", exported).code == 0
    got, again = judged(court, path, next(exported.iterdir()))
    assert got == code and checks(again)["identity"] == checks(result)["identity"]


def test_a_moment_far_in_the_past_needs_a_vote(court: Court, filed) -> None:
    moment = shifted(filed[2]["notBefore"], -31 * 86400)
    done = revoke(court, "administrator", CLERK, "--from", moment)
    assert done.code == 3, done


@pytest.mark.parametrize("who", ["judge", "operator", "administrator"])
def test_roles_that_may_not_file(court: Court, evidence: pathlib.Path, who: str) -> None:
    (evidence / "a.txt").write_text("a")
    done = court.acting(who, "file", "--case", CASE, evidence / "a.txt")
    assert done.code == 3 and done.json["error"]["reason"] == "wrong_role", done
    denied = [e for e in court.events() if e["kind"] == "access-denied"]
    assert len(denied) == 1 and denied[0]["role"] == who and denied[0]["detail"] == "filing"
    assert court.status()["filings"] == 0
    court.sound()


def test_roles_that_may_not_manage_staff(court: Court) -> None:
    for who in ("clerk", "judge", "operator", "department"):
        done = revoke(court, who, "李书记员 (演示)")
        assert done.code == 3, done
    assert len([e for e in court.events() if e["kind"] == "access-denied"]) == 4
    court.sound()


def test_an_unknown_certificate(court: Court, evidence: pathlib.Path, pki: Pki) -> None:
    (evidence / "a.txt").write_text("a")
    done = court("--as", pki.p12("clerk"), "file", "--case", CASE, evidence / "a.txt", env={"JC_PIN": pki.PIN})
    assert done.code == 3 and done.json["error"]["reason"] == "unknown_signer", done
    denied = [e for e in court.events() if e["kind"] == "access-denied"]
    assert len(denied) == 1
    # An administrator cannot make it known either: another authority issued it.
    done = court.acting("administrator", "staff", "enrol", pki.pem("clerk"))
    assert done.code == 3 and done.json["error"]["reason"] == "certificate_not_from_court", done
    court.sound()


def test_wrong_pins_and_broken_identities(court: Court, evidence: pathlib.Path, tmp_path: pathlib.Path, pki: Pki) -> None:
    (evidence / "a.txt").write_text("a")
    stranger = pki.p12("clerk")
    damaged = tmp_path / "damaged.p12"
    damaged.write_bytes(stranger.read_bytes()[:-40])
    empty = tmp_path / "empty.p12"
    empty.write_bytes(b"")
    for identity, pin, codes in ((stranger, "000000", {77}), (stranger, None, {77}), (damaged, pki.PIN, {77, 65}), (empty, pki.PIN, {77, 65}),
                                 (tmp_path / "missing.p12", pki.PIN, {66, 77}), (tmp_path, pki.PIN, {66, 77})):
        done = court("--as", identity, "file", "--case", CASE, evidence / "a.txt", env={"JC_PIN": pin} if pin else None)
        assert done.code in codes, done
    assert court.status()["filings"] == 0


def test_revoked_between_fixing_and_anchoring(court: Court, evidence: pathlib.Path) -> None:
    """Fixed by the clerk, kept waiting, revoked: the ledger refuses it, and says so; a colleague files the same file."""
    if not shutil.which("faketime"):
        pytest.skip("the package faketime is missing")
    (evidence / "a.txt").write_text("a")
    assert court.file("--wait", "0", evidence / "a.txt", wrap=faketime("-1d")).code == 75
    assert revoke(court, "administrator").code == 75
    assert revoke(court, "administrator2").code == 0
    size = court.status()["ledger"]["size"]
    court("outbox", "retry")
    assert court.pending() == [] and court.status()["ledger"]["size"] == size
    item = court.items()[0]
    assert item["state"] == "refused" and item["error"] == "signer_revoked" and item["number"] is None
    done = court.acting("clerk2", "file", "--case", CASE, evidence / "a.txt")
    assert done.code == 0, done
    court.sound()
