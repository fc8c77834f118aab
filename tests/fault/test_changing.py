# SPDX-License-Identifier: Apache-2.0
"""Files that other programs write, replace or remove while they are read: refused by name, and the rest is filed."""
import os
import pathlib
import threading

import pytest

from faults import Court, by_path, receipts_valid

SIZE = 192 << 20


def while_doing(action):
    """Repeats `action` in a thread until the block is left."""

    class Doing:
        def __enter__(self):
            self.stop = threading.Event()
            self.thread = threading.Thread(target=self.loop)
            self.thread.start()
            return self

        def loop(self):
            while not self.stop.wait(0.002):
                action()

        def __exit__(self, *_):
            self.stop.set()
            self.thread.join()

    return Doing()


def fill(path: pathlib.Path) -> None:
    with open(path, "wb") as f:
        f.truncate(SIZE)


def append(path: pathlib.Path) -> None:
    with open(path, "ab") as f:
        f.write(b"one more frame")


def rewrite_in_place(path: pathlib.Path) -> None:
    with open(path, "r+b") as f:
        f.write(b"changed")


def swap(path: pathlib.Path) -> None:
    other = path.with_name(".swap")
    if not other.exists():
        fill(other)
    # Two files take turns under one name; never is it absent.
    third = path.with_name(".swap2")
    os.link(other, third)
    old = path.with_name(".old")
    os.link(path, old)
    os.rename(third, path)
    os.rename(old, other)


def shorten(path: pathlib.Path) -> None:
    os.truncate(path, SIZE // 2)
    os.truncate(path, SIZE)


@pytest.mark.parametrize("how", [append, rewrite_in_place, swap, shorten])
@pytest.mark.parametrize("seal", [True, False])
def test_a_file_that_changes_is_refused_and_the_rest_is_filed(court: Court, evidence: pathlib.Path, how, seal: bool) -> None:
    film = evidence / "监控录像.mp4"
    fill(film)
    others = [evidence / f"文书 {i}.txt" for i in range(20)]
    for i, other in enumerate(others):
        other.write_text(f"steady {i}")
    with while_doing(lambda: how(film)):
        done = court.file(*([] if seal else ["--no-seal"]), film, *others)
    assert done.code == 66, done
    items = by_path(done.json)
    changed = items[os.fsencode(film)]
    assert changed["error"] == "changed_while_read" and changed["state"] == "refused" and changed["number"] is None, changed
    assert changed["sha256"] is None and changed["receipt"] is None
    assert done.json["summary"] == {"filed": 20, "failed": 1, "waiting": 0, "skipped": 0}
    receipts_valid(court.trust, [(p, items[os.fsencode(p)]["receipt"]) for p in others])
    refused = [e for e in court.events() if e["kind"] == "filing-refused"]
    assert len(refused) == 1 and refused[0]["detail"].startswith("changed_while_read"), refused
    assert film.name in refused[0]["detail"], "the event names the file"
    objects = [p for p in (court.dir / "vault" / "objects").rglob("*") if p.is_file()]
    assert len(objects) == (20 if seal else 0)
    # Once it is left alone it is filed.
    document = court.filed(film)
    assert document["items"][0]["duplicate"] is None
    court.sound()


def test_only_changing_files(court: Court, evidence: pathlib.Path) -> None:
    """Nothing is signed, and yet there is a trace."""
    film = evidence / "film"
    fill(film)
    with while_doing(lambda: append(film)):
        done = court.file(film)
    assert done.code == 66 and done.json["filing"]["index"] is None, done
    assert court.status()["filings"] == 0
    assert [e["case"] for e in court.events() if e["kind"] == "filing-refused"] == ["（2021）辽06民初123号"]


def test_files_that_vanish(court: Court, evidence: pathlib.Path) -> None:
    """Listed, then gone before their turn: vanished, not a failure of the others."""
    first = evidence / "0 large"
    fill(first)
    short_lived = [evidence / f"9 {i}" for i in range(400)]
    for path in short_lived:
        path.write_text("x" + path.name)
    objects = court.dir / "vault" / "tmp"
    removed = threading.Event()

    def remove() -> None:
        if not removed.is_set() and any(objects.glob("*/*")):
            for path in reversed(short_lived):
                path.unlink(missing_ok=True)
            removed.set()

    with while_doing(remove):
        done = court.file(evidence)
    items = by_path(done.json)
    assert items[os.fsencode(first)]["state"] == "anchored", items[os.fsencode(first)]
    outcomes = {i["error"] for p, i in items.items() if p != os.fsencode(first)}
    assert outcomes <= {None, "vanished", "changed_while_read", "not_found"}, outcomes
    assert "vanished" in outcomes and done.code == 66
    court.sound()


def test_verifying_a_changing_file_is_no_verdict(court: Court, evidence: pathlib.Path) -> None:
    film = evidence / "film"
    fill(film)
    court.filed(film)
    with while_doing(lambda: append(film)):
        done = court.verify(film)
    # Caught in the act, or read whole in its longer form: never consistent.
    assert done.code in (66, 1), done
    if done.code == 66:
        assert done.json["results"][0]["verdict"] != "consistent" and done.json["results"][0]["error"], done
