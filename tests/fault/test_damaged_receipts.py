# SPDX-License-Identifier: Apache-2.0
"""Receipts, trust sets and their parts in every state of damage: never consistent, never a crash, and "inconsistent" only if proven."""
import base64
import json
import os
import pathlib
import random

import pytest

from faults import EXTENDED, Court, checks, run

NEVER = {65, 2}


@pytest.fixture(scope="module")
def case(fresh_court: Court, tmp_path_factory):
    """A court with a batch and one file alone; another court with the same file."""
    folder = tmp_path_factory.mktemp("damage")
    evidence = folder / "evidence"
    evidence.mkdir()
    for i in range(3):
        (evidence / f"{i}.txt").write_text(f"evidence {i}")
    court = fresh_court.copy_to(folder / "court")
    items = court.filed(evidence)["items"]
    done = run("demo", folder / "other")
    assert done.code == 0, done
    other = Court(folder / "other")
    foreign = other.filed(evidence)["items"]

    class Case:
        pass

    case = Case()
    case.folder, case.court, case.other = folder, court, other
    case.file = evidence / "0.txt"
    case.receipt = pathlib.Path(items[0]["receipt"])
    case.second = pathlib.Path(items[1]["receipt"])
    case.foreign = pathlib.Path(foreign[0]["receipt"])
    case.trust = court.trust
    return case


def verify(case, receipt, trust=None, file=None):
    return run("--json", "verify", "--trust", trust or case.trust, "--receipt", receipt, file or case.file)


def never_consistent(done, codes=NEVER) -> None:
    assert done.code in codes, done
    assert done.json.get("summary", {}).get("consistent", 0) == 0, done


def leaves(node, path=()):
    """Every leaf of a JSON document with the way to it."""
    if isinstance(node, dict):
        for key in node:
            yield from leaves(node[key], (*path, key))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from leaves(value, (*path, i))
    else:
        yield path, node


def put(document, path, value):
    copy = json.loads(json.dumps(document))
    node = copy
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return copy


def edits(value):
    """Other values for a leaf: of the same form with something changed in it, and of another form."""
    if isinstance(value, bool) or value is None:
        return [not value, 7]
    if isinstance(value, int):
        return [value + 1, value - 1, -1, 1 << 63, str(value), None]
    out = ["", None, 5, value + "x", value[:-1], value[: len(value) // 2]]
    try:
        raw = base64.b64decode(value, validate=True)
    except ValueError:
        raw = b""
    if raw:
        for at in {0, len(raw) // 3, len(raw) // 2, len(raw) - 1}:
            changed = bytearray(raw)
            changed[at] ^= 1
            out.append(base64.b64encode(changed).decode())
        out.append(base64.b64encode(raw[:-1]).decode())
        out.append(base64.b64encode(raw + b"\0").decode())
    else:
        middle = len(value) // 2
        if value:
            out.append(value[:middle] + ("B" if value[middle] == "A" else "A") + value[middle + 1:])
    return [v for v in out if v != value]


def try_all(case, folder: pathlib.Path, variants, trust: bool = False) -> int:
    """Each variant alone, many to one process: a folder of receipts would hide which one was taken, so each has a file of its own name."""
    count = 0
    for text in variants:
        target = folder / ("t.jct" if trust else "r.jcr")
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        done = verify(case, case.receipt if trust else target, target if trust else None)
        never_consistent(done)
        count += 1
    return count


def test_the_untouched_receipt_is_consistent(case) -> None:
    assert verify(case, case.receipt).code == 0


def test_every_leaf_of_a_receipt(case, tmp_path: pathlib.Path) -> None:
    document = json.loads(case.receipt.read_bytes())
    chance = random.Random(5)
    variants = []
    for path, value in leaves(document):
        chosen = edits(value)
        variants += [json.dumps(put(document, path, v)) for v in (chosen if EXTENDED else chance.sample(chosen, min(5, len(chosen))))]
    assert try_all(case, tmp_path, variants) > 60


def test_every_member_left_out_or_added(case, tmp_path: pathlib.Path) -> None:
    document = json.loads(case.receipt.read_bytes())

    def objects(node, path=()):
        if isinstance(node, dict):
            yield path, node
            for key in node:
                yield from objects(node[key], (*path, key))
        elif isinstance(node, list):
            for i, value in enumerate(node):
                yield from objects(value, (*path, i))

    def changed(path, change):
        copy = json.loads(json.dumps(document))
        node = copy
        for key in path:
            node = node[key]
        change(node)
        return json.dumps(copy)

    tokenless = []
    for path, node in objects(document):
        variants = [changed(path, lambda n: n.update({"unknown": 1}))]
        variants += [changed(path, lambda n, k=key: n.pop(k)) for key in node]
        for text in variants:
            target = tmp_path / "r.jcr"
            target.write_text(text)
            done = verify(case, target)
            # A receipt of before the token came is a true receipt: the token may be absent, and with it all that speaks of it.
            if done.code == 0:
                result = done.json["results"][0]
                assert result["tokenTime"] is None and checks(result)["time"] != ("pass", "token_valid"), done
                tokenless.append(text)
            else:
                never_consistent(done)
    text = case.receipt.read_text()
    assert try_all(case, tmp_path, [text.replace('"', '"format":"x","', 1), text.rstrip()[:-1] + ',"format":"twice"}', "[" + text + "]"]) == 3


def test_cut_off(case, tmp_path: pathlib.Path) -> None:
    text = case.receipt.read_bytes()
    cuts = sorted(random.Random(1).sample(range(len(text) - 2), 200 if EXTENDED else 25)) + [0, 1, len(text) - 3]
    assert try_all(case, tmp_path, [text[:n] for n in cuts])


def test_flipped_bytes(case, tmp_path: pathlib.Path) -> None:
    """Of the file as it lies on the disk. A byte of white space is no damage."""
    text = case.receipt.read_bytes()
    chance = random.Random(3)
    tried = 0
    while tried < (1000 if EXTENDED else 60):
        at = chance.randrange(len(text))
        changed = bytearray(text)
        changed[at] ^= 1 << chance.randrange(8)
        try:
            if json.loads(bytes(changed)) == json.loads(text):
                continue
        except ValueError:
            pass
        tried += 1
        target = tmp_path / "r.jcr"
        target.write_bytes(bytes(changed))
        never_consistent(verify(case, target))


def test_junk(case, tmp_path: pathlib.Path) -> None:
    deep = b"[" * 100000
    junk = [os.urandom(1 << 20), b"", b"\0" * (1 << 20), b"{" + b" " * (1 << 20) + b"}", deep, b'{"a":' * 50000, b"\xef\xbb\xbf" + case.receipt.read_bytes(),
            case.receipt.read_bytes() + b"{}", b'{"format":"judicial-chain-receipt/1"}', b"null", b"5", b'"' + b"A" * (1 << 20) + b'"',
            case.receipt.read_bytes() + b"\0" * (64 << 20)]
    assert try_all(case, tmp_path, junk) == len(junk)
    for thing in (pathlib.Path("/dev/null"), tmp_path, tmp_path / "missing.jcr"):
        done = verify(case, thing)
        assert done.code in (2, 65, 66), done


def test_parts_of_another_receipt(case, tmp_path: pathlib.Path) -> None:
    """Each part of the neighbour's, and of another ledger's receipt for the same file, put into this one."""
    mine = json.loads(case.receipt.read_bytes())
    shown = 0
    for source in (case.second, case.foreign):
        theirs = json.loads(source.read_bytes())
        for path, value in leaves(theirs):
            try:
                node = mine
                for key in path:
                    node = node[key]
            except (KeyError, IndexError, TypeError):
                continue
            if node == value:
                continue
            target = tmp_path / "r.jcr"
            target.write_text(json.dumps(put(mine, path, value)))
            never_consistent(verify(case, target))
            shown += 1
    assert shown > 10


def test_receipts_of_something_else(case) -> None:
    done = verify(case, case.second)
    assert done.code == 1, "a true receipt, of another file: that contradiction is proven"
    assert checks(done.json["results"][0])["content"][0] == "fail"
    done = verify(case, case.foreign)
    assert done.code == 2 and done.json["results"][0]["cause"] in ("trust", "ledger", "receipt"), done
    assert verify(case, case.receipt, case.other.trust).code == 2


def test_a_changed_file(case, tmp_path: pathlib.Path) -> None:
    changed = tmp_path / "0.txt"
    data = bytearray(case.file.read_bytes())
    data[3] ^= 1
    changed.write_bytes(data)
    done = verify(case, case.receipt, file=changed)
    result = done.json["results"][0]
    assert done.code == 1 and result["cause"] == "file" and checks(result)["content"][0] == "fail", done
    assert {c: o for c, (o, _) in checks(result).items() if c in ("identity", "time", "ledger")} == {
        "identity": "pass", "time": "pass", "ledger": "pass"}


def test_trust_sets(case, tmp_path: pathlib.Path) -> None:
    text = case.trust.read_bytes()
    document = json.loads(text)
    chance = random.Random(9)
    variants = [text[:n] for n in chance.sample(range(len(text) - 2), 20)]
    for path, value in leaves(document):
        chosen = edits(value)
        variants += [json.dumps(put(document, path, v)) for v in (chosen if EXTENDED else chance.sample(chosen, min(4, len(chosen))))]
    variants += [json.dumps({**document, "unknown": 1}), os.urandom(1 << 20), b"", b"[]", b"{}", b"[" * 100000, case.receipt.read_bytes(),
                 case.other.trust.read_bytes()]
    assert try_all(case, tmp_path, variants, trust=True) > 40


def test_lists_in_a_trust_set(case, tmp_path: pathlib.Path) -> None:
    """Entries of the control chain left out, doubled, swapped."""
    document = json.loads(case.trust.read_bytes())

    def lists(node, path=()):
        if isinstance(node, dict):
            for key in node:
                yield from lists(node[key], (*path, key))
        elif isinstance(node, list):
            yield path, node

    variants = []
    for path, node in lists(document):
        if node:
            variants += [put(document, path, node[:-1]), put(document, path, node[1:]), put(document, path, node + [node[-1]])]
        if len(node) > 1:
            variants.append(put(document, path, [node[1], node[0], *node[2:]]))
    assert try_all(case, tmp_path, [json.dumps(v) for v in variants], trust=True) > 3


def test_other_commands_on_damaged_files(case, tmp_path: pathlib.Path) -> None:
    """Everything that reads a receipt or a trust set says 65 for junk, and none of it crashes."""
    junk = tmp_path / "junk"
    for content in (b"", os.urandom(4096), b"{}", b"[" * 100000, case.receipt.read_bytes()[:-10]):
        junk.write_bytes(content)
        for args in (("receipt", "show", junk), ("receipt", "extract", junk, "--to", tmp_path / "out"), ("trust", "show", junk)):
            done = run("--json", *args)
            assert done.code == 65, done
        done = case.court("trust", "import", junk)
        assert done.code == 65, done
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
