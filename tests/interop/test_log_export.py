# SPDX-License-Identifier: Apache-2.0
"""An exported log and the receipts in it, judged by golang.org/x/mod and by Tessera's fsck."""
import json
import pathlib
import shutil

import pytest

from conftest import Court, flip, run
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
        for policy in ("policy", "policy-single"):
            done = run(go_programs / "logcheck", "proof", parts / "receipt.tlog-proof", parts / "entry.bin", court.log / policy)
            assert done.returncode == 0, done.stdout + done.stderr


def test_a_receipt_is_refused_with_another_entry(court, go_programs, tmp_path):
    one = court.extract(court.batch[0], tmp_path / "one")
    other = court.extract(court.single[0], tmp_path / "other")
    assert run(go_programs / "logcheck", "proof", one / "receipt.tlog-proof", other / "entry.bin", court.log / "policy").returncode == 1
    flip(one / "entry.bin")
    assert run(go_programs / "logcheck", "proof", one / "receipt.tlog-proof", one / "entry.bin", court.log / "policy").returncode == 1


class GrownLog:
    """A court whose log grows filing by filing past one and past two whole tiles, exported at each border."""

    SIZES = (256, 257, 513)

    def __init__(self, program: str, folder: pathlib.Path) -> None:
        self.court = Court(program, folder)
        self.exports = {}
        self.receipts = {}
        path = folder / "one.txt"
        index = -1
        while index + 1 < self.SIZES[-1]:
            path.write_text(f"{index}\n")
            done = self.court.jchain("--json", "--yes", "file", "--case", self.court.case, "--wait", "60", path)
            assert done.returncode == 0, done.stdout + done.stderr
            said = json.loads(done.stdout)
            assert index == -1 or said["filing"]["index"] == index + 1
            index = said["filing"]["index"]
            if index + 1 in self.SIZES or index + 2 in self.SIZES:
                self.receipts[index] = said["items"][0]
            if index + 1 in self.SIZES:
                self.exports[index + 1] = folder / f"log-{index + 1}"
                self.court.export(self.exports[index + 1])


@pytest.fixture(scope="module")
def grown(jchain, tmp_path_factory) -> GrownLog:
    return GrownLog(jchain, tmp_path_factory.mktemp("grown"))


def test_a_log_of_several_tiles_is_accepted_at_each_border(grown, go_programs, tmp_path):
    earlier = None
    for size, log in grown.exports.items():
        done = run(go_programs / "logcheck", "log", log, log / "policy")
        assert done.stdout.startswith(f"accepted size {size} "), done.stdout + done.stderr
        assert fsck(go_programs, log, tmp_path)
        # Whole tiles have no partial twin; the level above holds one hash for each of them.
        assert (log / "tile/entries/000").is_file() and (log / "tile/0/000").stat().st_size == 256 * 32
        assert (log / f"tile/1/000.p/{size // 256}").stat().st_size == size // 256 * 32
        assert (log / f"tile/0/{size // 256:03}.p/{size % 256}").is_file() == (size % 256 != 0)
        if earlier:
            done = run(go_programs / "logcheck", "consistent", earlier / "checkpoint", log, log / "policy")
            assert done.returncode == 0, done.stdout + done.stderr
        earlier = log


def test_receipts_at_the_borders_of_tiles_are_accepted(grown, go_programs, tmp_path):
    assert len(grown.receipts) >= 4
    policy = grown.exports[513] / "policy-single"
    for index, item in grown.receipts.items():
        parts = grown.court.extract(item, tmp_path / str(index))
        done = run(go_programs / "logcheck", "proof", parts / "receipt.tlog-proof", parts / "entry.bin", policy)
        assert done.stdout.startswith(f"accepted index {index} of "), done.stdout + done.stderr


@pytest.mark.parametrize("what", ["tile/0/000", "tile/0/001", "tile/1/000.p/2", "tile/entries/001", "tile/0/002.p/1"])
def test_a_change_in_any_tile_is_refused(grown, go_programs, tmp_path, what):
    log = pathlib.Path(shutil.copytree(grown.exports[513], tmp_path / "log"))
    flip(log / what)
    assert run(go_programs / "logcheck", "log", log, log / "policy").returncode == 1
