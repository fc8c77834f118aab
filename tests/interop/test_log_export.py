# SPDX-License-Identifier: Apache-2.0
"""An exported log and the receipts in it, judged by golang.org/x/mod and by Tessera's fsck."""
import pytest

from conftest import flip, run
from test_third_party import fsck


def tiles(log, below: str):
    return sorted(p for p in (log / below).rglob("*") if p.is_file())


def test_the_exported_log_is_accepted(court, go_programs, tmp_path):
    for policy in ("policy", "policy-single"):
        done = run(go_programs / "logcheck", "log", court.log, court.log / policy)
        assert done.returncode == 0, done.stdout + done.stderr
    assert fsck(go_programs, court.log, tmp_path)


def test_an_earlier_export_is_a_prefix(court, go_programs):
    done = run(go_programs / "logcheck", "consistent", court.earlier / "checkpoint", court.log, court.log / "policy")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (court.earlier / "checkpoint").read_text() != (court.log / "checkpoint").read_text()


@pytest.mark.parametrize("what", ["checkpoint", "entries", "tile", "missing"])
def test_a_damaged_export_is_refused(court, go_programs, log_copy, tmp_path, what):
    if what == "checkpoint":
        # The last base64 digit may hold unused bits: change one in the middle of the root.
        lines = (log_copy / "checkpoint").read_text().split("\n")
        lines[2] = ("B" if lines[2][0] != "B" else "C") + lines[2][1:]
        (log_copy / "checkpoint").write_text("\n".join(lines))
    elif what == "entries":
        flip(tiles(log_copy, "tile/entries")[0])
    elif what == "tile":
        flip(tiles(log_copy, "tile/0")[0])
    else:
        tiles(log_copy, "tile/entries")[-1].unlink()
    assert run(go_programs / "logcheck", "log", log_copy, log_copy / "policy").returncode == 1
    if what in ("checkpoint", "entries"):
        assert not fsck(go_programs, log_copy, tmp_path)


def test_every_receipt_is_accepted_with_its_entry_alone(court, go_programs, tmp_path):
    for number, item in enumerate(court.batch + court.single):
        parts = court.extract(item, tmp_path / str(number))
        done = run(go_programs / "logcheck", "proof", parts / "receipt.tlog-proof", parts / "entry.bin", court.log / "policy")
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_receipt_is_refused_with_another_entry(court, go_programs, tmp_path):
    one = court.extract(court.batch[0], tmp_path / "one")
    other = court.extract(court.single[0], tmp_path / "other")
    assert run(go_programs / "logcheck", "proof", one / "receipt.tlog-proof", other / "entry.bin", court.log / "policy").returncode == 1
    flip(one / "entry.bin")
    assert run(go_programs / "logcheck", "proof", one / "receipt.tlog-proof", one / "entry.bin", court.log / "policy").returncode == 1
