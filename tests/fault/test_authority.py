# SPDX-License-Identifier: Apache-2.0
"""A real-like court whose time-stamp authority is somewhere else: down, wrong, slow, and back again."""
import datetime
import json
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

from authority import Pki, TsaServer
from faults import CASE, Court, checks, faketime, program, run, running, shifted, start, until, utc


class RealCourt(Court):
    """Made by `jchain init`; acts as its clerk unless told otherwise."""

    def __init__(self, folder: pathlib.Path, pki: Pki) -> None:
        super().__init__(folder)
        self.pki = pki

    def __call__(self, *args, **kwargs):
        person = () if "--as" in args else ("--as", self.pki.p12("clerk"))
        env = {"JC_PIN": self.pki.PIN, **(kwargs.pop("env", None) or {})}
        return run("--workspace", self.dir, "--json", *person, *args, env=env, **kwargs)


@pytest.fixture
def authorities(pki: Pki):
    servers = [TsaServer(pki), TsaServer(pki)]
    yield servers
    for server in servers:
        server.down()


def found(folder: pathlib.Path, pki: Pki, urls) -> RealCourt:
    done = run("--json", "init", *pki.init_arguments(urls), folder)
    assert done.code == 0, done
    court = RealCourt(folder, pki)
    done = court("--as", pki.p12("administrator"), "staff", "enrol", pki.pem("clerk"), "--role", "clerk")
    assert done.code == 0, done
    return court


@pytest.fixture
def court(pki: Pki, authorities, tmp_path: pathlib.Path) -> RealCourt:
    return found(tmp_path / "court", pki, [authorities[0].url])


@pytest.fixture
def document(evidence: pathlib.Path) -> pathlib.Path:
    path = evidence / "合同.pdf"
    path.write_bytes(b"%PDF-1.7 contract")
    return path


def verdict(court: Court, document: pathlib.Path, receipt):
    court("trust", "update")
    done = run("--json", "verify", "--trust", court.trust, "--receipt", receipt, document)
    assert done.code == 0, done
    return done.json["results"][0]


def test_everything_up(court: RealCourt, document: pathlib.Path) -> None:
    item = court.filed(document)["items"][0]
    result = verdict(court, document, item["receipt"])
    assert result["tokenTime"] and result["tokenAuthority"] == "测试授时 TSA"
    assert result["signerName"] == "clerk 某某"
    court.sound()


def test_without_a_workspace_of_its_own_the_person_must_be_named(court: RealCourt, document: pathlib.Path) -> None:
    done = run("--workspace", court.dir, "--json", "file", "--case", CASE, document)
    assert done.code == 77, done
    done = court.file(document, env={"JC_PIN": "000000"})
    assert done.code == 77, done
    assert court.status()["filings"] == 0


def test_down_then_up(court: RealCourt, authorities, document: pathlib.Path) -> None:
    """Anchored without a token, 75; later the token comes, is anchored, and the receipt is written again."""
    authorities[0].down()
    begin = time.monotonic()
    done = court.file("--wait", "1", document)
    assert time.monotonic() - begin < 10
    assert done.code == 75 and done.json["filing"]["waitingFor"] == "timestamp", done
    item = done.json["items"][0]
    assert item["state"] == "anchored" and item["number"] and item["receipt"]
    result = verdict(court, document, item["receipt"])
    assert result["tokenTime"] is None and checks(result)["time"][0] == "pass", result
    waiting = court.pending()
    assert waiting[0]["waitingFor"] == ["timestamp"] and waiting[0]["reason"] == "unreachable"
    size = court.status()["ledger"]["size"]
    done = court("outbox", "retry", "--wait", "1")
    assert done.code == 75 and len(done.json["pending"]) == 1, done
    assert court.status()["ledger"]["size"] == size
    authorities[0].up()
    done = court("outbox", "retry")
    assert done.code == 0 and done.json["pending"] == [], done
    # The renewal that names the entry and the token.
    assert court.status()["ledger"]["size"] == size + 1
    result = verdict(court, document, item["receipt"])
    assert result["tokenTime"] and checks(result)["time"] == ("pass", "token_valid"), result
    assert [p.name for p in (court.dir / "receipts").iterdir()] == ["合同.pdf.jcr"]
    # A second retry has nothing to do and does nothing.
    assert court("outbox", "retry").code == 0 and court.status()["ledger"]["size"] == size + 1
    court.sound()


def test_any_later_filing_fetches_the_token(court: RealCourt, authorities, document: pathlib.Path, evidence: pathlib.Path) -> None:
    authorities[0].down()
    first = court.file("--wait", "1", document).json["items"][0]
    authorities[0].up()
    (evidence / "second.txt").write_text("second")
    court.filed(evidence / "second.txt")
    assert court.pending() == []
    assert verdict(court, document, first["receipt"])["tokenTime"]
    court.sound()


def test_the_same_command_again_while_still_down(court: RealCourt, authorities, document: pathlib.Path) -> None:
    authorities[0].down()
    first = court.file("--wait", "1", document)
    again = court.file("--wait", "1", document)
    assert first.code == 75 and again.code == 75, again
    assert again.json["items"][0]["resumed"] and again.json["items"][0]["number"] == first.json["items"][0]["number"]
    assert again.json["summary"]["waiting"] == 1 and again.json["filing"]["waitingFor"] == "timestamp"
    assert len(court.items()) == 1


def test_many_waiting_filings_do_not_add_their_waits_up(court: RealCourt, authorities, evidence: pathlib.Path) -> None:
    authorities[0].down()
    for i in range(5):
        (evidence / f"{i}.txt").write_text(f"{i}")
        assert court.file("--wait", "0", evidence / f"{i}.txt").code == 75
    (evidence / "last.txt").write_text("last")
    begin = time.monotonic()
    assert court.file("--wait", "2", evidence / "last.txt").code == 75
    assert time.monotonic() - begin < 8
    assert len(court.pending()) == 6
    authorities[0].up()
    assert court("outbox", "retry", "--wait", "30").code == 0 and court.pending() == []
    court.sound()


@pytest.mark.parametrize("mood,reasons", [("error", {"http_status"}), ("junk", None), ("refuse", None), ("wrong", None)])
def test_an_authority_that_answers_wrongly_counts_as_silent(court: RealCourt, authorities, document: pathlib.Path, mood, reasons) -> None:
    authorities[0].mood = mood
    done = court.file("--wait", "1", document)
    assert done.code == 75 and done.json["items"][0]["state"] == "anchored", done
    assert verdict(court, document, done.json["items"][0]["receipt"])["tokenTime"] is None
    reason = court.pending()[0]["reason"]
    assert reason and (reasons is None or reason in reasons), reason
    authorities[0].mood = "up"
    assert court("outbox", "retry").code == 0
    assert verdict(court, document, done.json["items"][0]["receipt"])["tokenTime"]
    court.sound()


def test_a_stranger_s_token_is_not_taken(pki: Pki, tmp_path: pathlib.Path, document: pathlib.Path) -> None:
    """Properly made, but under a root that the court's card does not name."""
    stranger = TsaServer(Pki(tmp_path / "stranger"))
    try:
        court = found(tmp_path / "court", pki, [stranger.url])
        done = court.file("--wait", "1", document)
        assert done.code == 75 and stranger.asked > 0, done
        assert verdict(court, document, done.json["items"][0]["receipt"])["tokenTime"] is None
    finally:
        stranger.down()


def test_the_second_authority_steps_in(pki: Pki, authorities, tmp_path: pathlib.Path, document: pathlib.Path) -> None:
    court = found(tmp_path / "court", pki, [a.url for a in authorities])
    authorities[0].down()
    item = court.filed(document)["items"][0]
    assert authorities[1].asked == 1
    assert verdict(court, document, item["receipt"])["tokenTime"]
    authorities[0].up()
    (document.parent / "b.txt").write_text("b")
    court.filed(document.parent / "b.txt")
    assert authorities[0].asked == 1 and authorities[1].asked == 1, "in order of trust"


def test_a_silent_authority_holds_nothing_back(court: RealCourt, authorities, document: pathlib.Path) -> None:
    """It takes the question and never answers: anchored and with a receipt long before the wait is over."""
    authorities[0].mood = "hang"
    process = subprocess.Popen([program(), "--workspace", court.dir, "--json", "--as", court.pki.p12("clerk"), "file", "--wait", "30", "--case",
                                CASE, document], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={"JC_PIN": court.pki.PIN, "PATH": "/usr/bin:/bin"})
    with running(process):
        until(lambda: list((court.dir / "receipts").glob("*.jcr")), 4)
        assert process.poll() is None
        assert court.items()[0]["state"] == "anchored"
        # Killed while it waits: nothing is lost, the token comes later.
        process.kill()
        process.wait(timeout=10)
    authorities[0].mood = "up"
    authorities[0].released.set()
    assert court("outbox", "retry").code == 0
    assert verdict(court, document, court.items()[0]["receipt"])["tokenTime"]
    assert len(court.items()) == 1
    court.sound()


def test_asked_to_stop_while_waiting_for_a_token(court: RealCourt, authorities, document: pathlib.Path) -> None:
    authorities[0].down()
    process = subprocess.Popen([program(), "--workspace", court.dir, "--json", "--as", court.pki.p12("clerk"), "file", "--wait", "60", "--case",
                                CASE, document], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={"JC_PIN": court.pki.PIN, "PATH": "/usr/bin:/bin"})
    with running(process):
        until(lambda: list((court.dir / "receipts").glob("*.jcr")), 10)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=3)
    # It is filed: what the person is told is that it waits, not that it was cancelled.
    assert process.returncode == 75 and json.loads(out)["items"][0]["state"] == "anchored", (process.returncode, out)


def test_killed_while_late_tokens_come(pki: Pki, authorities, tmp_path: pathlib.Path, evidence: pathlib.Path) -> None:
    """However often it is killed, each filing gets one token and its entry one renewal."""
    court = found(tmp_path / "court", pki, [authorities[0].url])
    authorities[0].down()
    for i in range(6):
        (evidence / f"{i}.txt").write_text(f"late {i}")
        assert court.file("--wait", "0", evidence / f"{i}.txt").code == 75
    assert court("outbox", "retry", "--wait", "1").code == 75
    assert all(p["waitingFor"] == ["timestamp"] for p in court.pending())
    size = court.status()["ledger"]["size"]
    authorities[0].up()
    for i in range(25):
        process = start("--workspace", court.dir, "outbox", "retry")
        with running(process):
            try:
                process.wait(timeout=0.02 + 0.012 * i)
            except subprocess.TimeoutExpired:
                process.kill()
    assert court("outbox", "retry", "--wait", "30").code == 0
    assert court.status()["ledger"]["size"] == size + 6
    for item in court.items():
        assert verdict(court, pathlib.Path(item["path"]), item["receipt"])["tokenTime"]
    court.sound()


@pytest.mark.skipif(not shutil.which("faketime"), reason="the package faketime is missing")
def test_revoked_from_between_order_and_proof(court: RealCourt, authorities, document: pathlib.Path) -> None:
    """Ordered before the moment, proven to exist only after it: nobody can tell, and nobody pretends to."""
    authorities[0].down()
    # The clock runs so fast that minutes pass between the entry's time and the cosignature's.
    done = court.file("--wait", "1", document, wrap=faketime("+0 x100000"))
    assert done.code == 75, done
    item = done.json["items"][0]
    now = faketime("+400d")

    def judged():
        done = run("--json", "verify", "--trust", court.trust, "--receipt", item["receipt"], document, wrap=now)
        return done.code, done.json["results"][0]

    code, result = judged()
    assert code == 0 and utc(result["notBefore"]) + datetime.timedelta(seconds=5) < utc(result["anchoredAt"]), result
    middle = (utc(result["anchoredAt"]) - utc(result["notBefore"])).total_seconds() / 2
    moment = shifted(result["notBefore"], middle)
    for name, expected in (("administrator", 75), ("administrator2", 0)):
        done = court("--as", court.pki.p12(name), "staff", "revoke", "clerk 某某", "--from", moment, "--reason", "遗失",
                     wrap=faketime(in_the_time_of(result["anchoredAt"])))
        assert done.code == expected, done
    code, result = judged()
    assert code == 2 and checks(result)["identity"][0] == "undetermined" and result["cause"] == "identity", result


def in_the_time_of(text: str) -> str:
    """A minute after that, as an offset from now."""
    return f"+{int((utc(text) - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) + 60}"
