# SPDX-License-Identifier: Apache-2.0
"""A time-stamp authority made with the openssl command alone, and evidence records put together by hand: a second writer of RFC 4998."""
import hashlib
import pathlib

from conftest import must

CONFIG = """
[req]
distinguished_name = dn
prompt = no
[dn]
CN = {cn}
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
serial = {folder}/serial
signer_cert = {folder}/leaf.pem
certs = {folder}/root.pem
signer_key = {folder}/leaf.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256
ess_cert_id_alg = sha256
ess_cert_id_chain = no
accuracy = secs:1
ordering = no
tsa_name = yes
"""


class Authority:
    def __init__(self, folder: pathlib.Path, name: str = "Test authority") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        for who in ("root", "leaf"):
            (folder / f"{who}.cnf").write_text(CONFIG.format(cn=f"{name} {who}", folder=folder))
            must("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", folder / f"{who}.key")
        must("openssl", "req", "-x509", "-new", "-key", folder / "root.key", "-config", folder / "root.cnf", "-extensions", "ca", "-days", "30",
             "-out", folder / "root.pem")
        must("openssl", "req", "-new", "-key", folder / "leaf.key", "-config", folder / "leaf.cnf", "-out", folder / "leaf.csr")
        must("openssl", "x509", "-req", "-in", folder / "leaf.csr", "-CA", folder / "root.pem", "-CAkey", folder / "root.key", "-CAcreateserial",
             "-extfile", folder / "leaf.cnf", "-extensions", "leaf", "-days", "30", "-out", folder / "leaf.pem")
        (folder / "serial").write_text("01\n")
        self.chain = folder / "chain.pem"
        self.chain.write_text((folder / "leaf.pem").read_text() + (folder / "root.pem").read_text())

    def token(self, digest: bytes) -> bytes:
        """A bare TimeStampToken over a SHA-256 digest."""
        query, token = self.folder / "q.tsq", self.folder / "t.tst"
        must("openssl", "ts", "-query", "-digest", digest.hex(), "-sha256", "-cert", "-out", query)
        must("openssl", "ts", "-reply", "-config", self.folder / "leaf.cnf", "-section", "tsa", "-queryfile", query, "-token_out", "-out", token)
        return token.read_bytes()


def tlv(tag: int, content: bytes) -> bytes:
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    size = (len(content).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(content).to_bytes(size, "big") + content


SHA256_ID = tlv(0x30, bytes.fromhex("0609608648016503040201"))


def evidence_record(reduced_tree: list[list[bytes]], token: bytes) -> bytes:
    """One chain of one ArchiveTimeStamp; an empty tree leaves the field out."""
    tree = b""
    if reduced_tree:
        tree = tlv(0xA2, b"".join(tlv(0x30, b"".join(tlv(0x04, h) for h in sorted(group))) for group in reduced_tree))
    stamp = tlv(0x30, tlv(0xA0, SHA256_ID[2:]) + tree + token)
    return tlv(0x30, b"\x02\x01\x01" + tlv(0x30, SHA256_ID) + tlv(0x30, tlv(0x30, stamp)))


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()
