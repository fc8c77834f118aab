# SPDX-License-Identifier: Apache-2.0
"""The third-party judges themselves, on the published vectors: they must accept the good and refuse the bad before their word on our output counts."""
import base64
import hashlib
import json
import pathlib
import shutil

import pytest

from authority import Authority, evidence_record, sha256
from conftest import VECTORS, flip, must, run

LOG = json.loads((VECTORS / "tlog-vectors.json").read_text())
ERS = json.loads((VECTORS / "ers-blind-vectors.json").read_text())


@pytest.mark.parametrize("case", LOG["tlog_proofs"]["cases"], ids=lambda c: c["name"])
def test_x_mod_judges_the_vector_receipts(go_programs, tmp_path, case):
    (tmp_path / "proof").write_bytes(case["proof"].encode())
    (tmp_path / "entry").write_bytes(bytes.fromhex(case["leaf_hex"]))
    (tmp_path / "policy").write_text(LOG["policy"][case["policy"]])
    done = run(go_programs / "logcheck", "proof", tmp_path / "proof", tmp_path / "entry", tmp_path / "policy")
    assert done.returncode == (0 if case["valid"] else 1), done.stdout


@pytest.fixture
def vector_log(tmp_path) -> pathlib.Path:
    """The eight leaves of the vectors as a static log."""
    log = tmp_path / "log"
    (log / "tile/0/000.p").mkdir(parents=True)
    (log / "tile/entries/000.p").mkdir(parents=True)
    leaves = LOG["merkle8"]["leaves"]
    (log / "tile/0/000.p/8").write_bytes(b"".join(base64.b64decode(leaf["leaf_hash"]) for leaf in leaves))
    entries = [bytes.fromhex(leaf["data_hex"]) for leaf in leaves]
    (log / "tile/entries/000.p/8").write_bytes(b"".join(len(e).to_bytes(2, "big") + e for e in entries))
    (log / "checkpoint").write_text(next(c["signed"] for c in LOG["checkpoints"]["cases"] if c["size"] == 8))
    (log / "policy").write_text(LOG["policy"]["ledger"])
    return log


def test_x_mod_judges_the_vector_log(go_programs, vector_log, tmp_path):
    assert must(go_programs / "logcheck", "log", vector_log, vector_log / "policy").startswith("accepted size 8 ")
    (tmp_path / "old").write_text(next(c["signed"] for c in LOG["checkpoints"]["cases"] if c["size"] == 5))
    must(go_programs / "logcheck", "consistent", tmp_path / "old", vector_log, vector_log / "policy")


@pytest.mark.parametrize("damaged", ["checkpoint", "tile/0/000.p/8", "tile/entries/000.p/8"])
def test_x_mod_refuses_a_damaged_log(go_programs, vector_log, damaged):
    flip(vector_log / damaged, 100 if damaged == "checkpoint" else -1)
    assert run(go_programs / "logcheck", "log", vector_log, vector_log / "policy").returncode == 1


def fsck(programs: pathlib.Path, log: pathlib.Path, tmp_path: pathlib.Path) -> bool:
    """Tessera's fsck ends with status 0 even when it fails, and may wait for ever on a missing file: its success sentence within a time limit counts."""
    policy = (log / "policy-single") if (log / "policy-single").exists() else (log / "policy")
    vkey = next(line.split()[1] for line in policy.read_text().splitlines() if line.startswith("log "))
    (tmp_path / "log.vkey").write_text(vkey + "\n")
    done = run("timeout", "60", programs / "fsck", "-storage_url", f"file://{log}/", "-public_key", tmp_path / "log.vkey", "-ui=false", "-N", "4", timeout=90)
    return "Successfully fsck'd" in done.stdout + done.stderr


def test_tessera_fsck_judges_the_vector_log(go_programs, vector_log, tmp_path):
    assert fsck(go_programs, vector_log, tmp_path)
    damaged = pathlib.Path(shutil.copytree(vector_log, tmp_path / "damaged"))
    flip(damaged / "tile/entries/000.p/8")
    assert not fsck(go_programs, damaged, tmp_path)


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa"))


def judge(command, folder: pathlib.Path, record: bytes, data: bytes, chain: pathlib.Path):
    (folder / "record.ers").write_bytes(record)
    (folder / "data").write_bytes(data)
    return run(*command, folder / "record.ers", folder / "data", chain)


@pytest.mark.parametrize("vector", [v for v in ERS["vectors"]], ids=lambda v: f"n{v['n']}" if isinstance(v, dict) else None)
def test_bouncycastle_judges_blinded_records(evidence_record_check, authority, tmp_path, vector):
    """Our tree, from the published vectors, under a token of an authority that is not ours."""
    token = authority.token(bytes.fromhex(vector["root"]))
    items = vector["items"]
    for item in {items[0]["index"]: items[0], items[-1]["index"]: items[-1]}.values():
        tree = [[bytes.fromhex(h) for h in group] for group in item["reduced_tree"]]
        record = evidence_record(tree, token)
        assert bytes.fromhex(item["reduced_tree_der"]) in record
        data = bytes.fromhex(item["file"])
        done = judge(evidence_record_check, tmp_path, record, data, authority.chain)
        assert done.returncode == 0, done.stdout + done.stderr
    # What is not the file: a changed file, and the preimage of the blinding leaf shown as "the file".
    assert judge(evidence_record_check, tmp_path, record, data + b"!", authority.chain).returncode == 1
    assert judge(evidence_record_check, tmp_path, record, bytes.fromhex(ERS["label_hex"]) + bytes.fromhex(item["salt"]), authority.chain).returncode == 1
    # A changed hash in the tree.
    wrong = [list(group) for group in tree]
    wrong[1] = [sha256(b"other")]
    assert judge(evidence_record_check, tmp_path, evidence_record(wrong, token), data, authority.chain).returncode == 1


def test_bouncycastle_judges_a_plain_record(evidence_record_check, authority, tmp_path):
    data = "单独一份证据\n".encode()
    record = evidence_record([], authority.token(hashlib.sha256(data).digest()))
    done = judge(evidence_record_check, tmp_path, record, data, authority.chain)
    assert done.returncode == 0, done.stdout
    assert judge(evidence_record_check, tmp_path, record, data + b" ", authority.chain).returncode == 1
    broken = bytearray(record)
    broken[-3] ^= 1
    assert judge(evidence_record_check, tmp_path, bytes(broken), data, authority.chain).returncode == 1
    stranger = Authority(tmp_path / "stranger", "Test authority")
    assert judge(evidence_record_check, tmp_path, record, data, stranger.chain).returncode == 1
