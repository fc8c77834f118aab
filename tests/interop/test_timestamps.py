# SPDX-License-Identifier: Apache-2.0
"""Time-stamp tokens judged by the openssl command, evidence records by BouncyCastle."""
import hashlib
import pathlib
import re

from conftest import flip, run


def split_chain(pem: pathlib.Path, folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """(root, whole chain): the chain runs from the leaf to the self-signed root."""
    certificates = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", pem.read_text(), re.DOTALL)
    assert len(certificates) >= 2
    root = folder / "root.pem"
    root.write_text(certificates[-1])
    return root, pem


def ts_verify(parts: pathlib.Path, folder: pathlib.Path, *what) -> bool:
    root, chain = split_chain(parts / "tsa-chain.pem", folder)
    done = run("openssl", "ts", "-verify", *what, "-in", parts / "timestamp.tst", "-token_in", "-CAfile", root, "-untrusted", chain)
    return done.returncode == 0 and "Verification: OK" in done.stdout + done.stderr


def test_openssl_accepts_the_token_of_a_file_alone(court, tmp_path):
    parts = court.extract(court.single[0], tmp_path / "parts")
    assert ts_verify(parts, tmp_path, "-data", court.alone)


def test_openssl_refuses_a_changed_file_and_a_changed_token(court, tmp_path):
    parts = court.extract(court.single[0], tmp_path / "parts")
    changed = tmp_path / "changed"
    changed.write_bytes(court.alone.read_bytes() + b"\n")
    assert not ts_verify(parts, tmp_path, "-data", changed)
    flip(parts / "timestamp.tst")
    assert not ts_verify(parts, tmp_path, "-data", court.alone)


def fold(data: bytes, record: bytes) -> str:
    """The imprint that the single-element lists of the record give for the file (formats: blinded tree)."""
    # Before the token (its content type is signedData): the token names its certificate by a list of the same shape.
    tree = record.split(bytes.fromhex("06092a864886f70d010702"))[0]
    hashes = [bytes.fromhex(h) for h in re.findall(r"30220420([0-9a-f]{64})", tree.hex())]
    value = hashlib.sha256(data).digest()
    assert hashes[0] == value
    for sibling in hashes[1:]:
        value = hashlib.sha256(b"".join(sorted((value, sibling)))).digest()
    return value.hex()


def test_openssl_accepts_the_token_of_a_batch_over_the_trees_root(court, tmp_path):
    roots = set()
    for number, item in enumerate(court.batch):
        folder = tmp_path / str(number)
        parts = court.extract(item, folder)
        root = fold(pathlib.Path(item["path"]).read_bytes(), (parts / "evidence-record.ers").read_bytes())
        assert ts_verify(parts, tmp_path, "-digest", root)
        roots.add(root)
    assert len(roots) == 1, "one token serves the whole filing"
    assert not ts_verify(parts, tmp_path, "-digest", hashlib.sha256(b"other").hexdigest())
    assert not ts_verify(parts, tmp_path, "-data", item["path"]), "the authority learned a file's own digest"


def test_bouncycastle_accepts_each_evidence_record_with_its_file_only(court, evidence_record_check, tmp_path):
    previous = None
    for number, item in enumerate(court.batch):
        parts = court.extract(item, tmp_path / str(number))
        command = [*evidence_record_check, parts / "evidence-record.ers", item["path"], parts / "tsa-chain.pem"]
        done = run(*command)
        assert done.returncode == 0 and done.stdout.startswith("accepted "), done.stdout + done.stderr
        if previous:
            command[-2] = previous
            assert run(*command).returncode == 1, "a neighbour's file passed"
        previous = item["path"]


def test_bouncycastle_refuses_a_damaged_evidence_record(court, evidence_record_check, tmp_path):
    item = court.batch[0]
    parts = court.extract(item, tmp_path / "parts")
    flip(parts / "evidence-record.ers")
    done = run(*evidence_record_check, parts / "evidence-record.ers", item["path"], parts / "tsa-chain.pem")
    assert done.returncode == 1 and done.stdout.startswith("refused"), done.stdout + done.stderr
