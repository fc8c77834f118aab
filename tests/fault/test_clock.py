# SPDX-License-Identifier: Apache-2.0
"""Clocks that go back, certificates that end. The program sees another time; nobody else does."""
import os
import pathlib
import re
import shutil

import pytest

from faults import CASE, Court, checks, faketime, read_rows, receipts_valid, run

pytestmark = pytest.mark.skipif(not shutil.which("faketime"), reason="the package faketime is missing")


def ledger_times(court: Court, folder: pathlib.Path, names) -> list:
    times = []
    for name in names:
        done = court.verify(folder / name)
        assert done.code == 0, done
        times.append(done.json["results"][0]["notBefore"])
    return times


@pytest.mark.parametrize("back", ["-1d", "-6m"])
def test_a_clock_that_went_back_far(court: Court, evidence: pathlib.Path, back: str) -> None:
    """Kept, waiting, with the reason; nothing is stamped or ordered by the wrong clock."""
    for name in ("before", "during", "after"):
        (evidence / name).write_text(name)
    court.filed(evidence / "before")
    size = court.status()["ledger"]["size"]
    done = court.file("--wait", "1", evidence / "during", wrap=faketime(back))
    assert done.code == 75 and done.json["items"][0]["state"] == "queued", done
    assert done.json["filing"]["waitingFor"] == "ledger" and done.json["filing"]["waitingReason"] == "clock_back", done
    assert done.json["items"][0]["number"] is None and done.json["items"][0]["receipt"] is None
    waiting = court("outbox", wrap=faketime(back)).json["pending"]
    assert len(waiting) == 1 and waiting[0]["reason"] == "clock_back" and "ledger" in waiting[0]["waitingFor"], waiting
    assert court("outbox", "retry", "--wait", "0", wrap=faketime(back)).code == 75
    assert court.status()["ledger"]["size"] == size
    # The clock is right again.
    court.filed(evidence / "after")
    assert court.pending() == []
    times = ledger_times(court, evidence, ("before", "during"))
    assert times == sorted(times) and len(set(times)) == 2, times
    result = court.verify(evidence / "during").json["results"][0]
    assert result["tokenTime"] >= times[0], "a token of the wrong clock was taken"
    court.sound()


def test_a_clock_that_went_back_a_little(court: Court, evidence: pathlib.Path) -> None:
    """Filing goes on, and time on the ledger still only goes forward."""
    names = [f"{i}" for i in range(5)]
    for i, name in enumerate(names):
        (evidence / name).write_text(f"file {name}")
        done = court.file(evidence / name, wrap=faketime("-2m") if i % 2 else ())
        assert done.code == 0, done
    times = ledger_times(court, evidence, names)
    assert times == sorted(times) and len(set(times)) == len(times), times
    court.sound()


def test_a_filing_fixed_by_a_clock_ahead_is_not_lost(court: Court, evidence: pathlib.Path) -> None:
    """Its record bears a time to come. It waits; it is not refused for ever."""
    (evidence / "a").write_text("a")
    # The ledger cannot be written while it is fixed, so that it is not anchored under the wrong time.
    done = court.file("--wait", "0", evidence / "a", wrap=faketime("+2h"))
    assert done.code in (0, 75), done
    if done.code == 75:
        done = court("outbox", "retry", "--wait", "1")
        assert done.code in (0, 75), done
        assert not [i for i in court.items() if i["error"]], court.items()
        done = court("outbox", "retry", wrap=faketime("+2h"))
        assert done.code == 0, done
    assert court.items()[0]["state"] == "anchored"
    court.sound()


def test_verified_after_the_certificate_has_ended(court: Court, evidence: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Valid when it was filed: consistent years later, and the end of the certificate is only a note."""
    (evidence / "a.txt").write_text("a")
    receipt = court.filed(evidence / "a.txt")["items"][0]["receipt"]
    for years in ("+4y", "+9y"):
        done = run("--json", "verify", "--trust", court.trust, "--receipt", receipt, evidence / "a.txt", wrap=faketime(years))
        assert done.code == 0, done
        result = done.json["results"][0]
        assert result["verdict"] == "consistent" and checks(result)["identity"] == ("pass", "valid_at_filing")
        notes = [n["reason"] if isinstance(n, dict) else n for n in result["notes"]]
        assert any("expired" in n for n in notes), result["notes"]
    assert run("--json", "verify", "--trust", court.trust, "--receipt", receipt, evidence / "a.txt").json["results"][0]["notes"] == []


def test_filing_with_an_ended_certificate(court: Court, evidence: pathlib.Path) -> None:
    (evidence / "a.txt").write_text("a")
    size = court.status()["ledger"]["size"]
    done = court.file(evidence / "a.txt", wrap=faketime("+4y"))
    assert done.code == 3, done
    assert "signer_expired" in done.out.decode(), done
    status = court.status()
    assert status["ledger"]["size"] == size and status["pending"] == []
    # With the right time it is filed as if nothing had been.
    court.filed(evidence / "a.txt")
    court.sound()


def test_filing_before_the_certificate_begins(court: Court, evidence: pathlib.Path) -> None:
    (evidence / "a.txt").write_text("a")
    done = court.file("--wait", "0", evidence / "a.txt", wrap=faketime("-40d"))
    assert done.code in (3, 75), done
    assert all(i["state"] != "anchored" for i in court.items())
    assert court("outbox", "retry").code == 0
