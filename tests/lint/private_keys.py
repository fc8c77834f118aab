#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No tracked file holds a private key: PEM, PKCS#8 and PKCS#1 in DER, PKCS#12, OpenSSH, age, PuTTY, Go's note keys.

Seeds of throw-away test keys may stand in tests/vectors/*.json: they are derived from a public sentence and sign nothing but vectors.
"""
import pathlib
import re

import tree

# Written so that this file does not find itself.
TEXT = [
    # A header alone, as parsers and their tests hold it, is no key: 24 digits of base64 must follow, also inside a string literal.
    (re.compile(rb"-----BEGIN (?:[A-Z0-9 ]+ )?PRIVATE " + rb"KEY(?: BLOCK)?-----(?:\\[nr]|[\s\"'+]|[A-Za-z-]+: [^\n]*\n)*[A-Za-z0-9+/=]{24}"),
     "a private key in PEM"),
    (re.compile(rb"openssh-" + rb"key-v1\x00"), "an OpenSSH private key"),
    (re.compile(rb"AGE-SECRET-" + rb"KEY-1[0-9A-Z]{20,}"), "an age identity"),
    (re.compile(rb"PuTTY-User-" + rb"Key-File-[0-9]"), "a PuTTY private key"),
    # last: allowed in vectors
    (re.compile(rb"PRIVATE\+" + rb"KEY\+[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{40,}"), "a note signer's private key"),
]
VECTORS = re.compile(r"^tests/vectors/[^/]+\.json$")
NAMES = re.compile(r"\.(p12|pfx|jks|bcfks|keystore|p8|ppk)$", re.IGNORECASE)

_LENGTH = rb"(?:[\x02-\x7f]|\x81.|\x82..)"
DER = [
    # PFX ::= SEQUENCE { version INTEGER 3, authSafe ContentInfo { OID data | signedData
    (re.compile(rb"\A\x30(?:\x80|" + _LENGTH + rb")\x02\x01\x03\x30(?:\x80|" + _LENGTH + rb")\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07[\x01\x02]", re.DOTALL),
     "a PKCS#12 file"),
    # PrivateKeyInfo ::= SEQUENCE { INTEGER 0|1, AlgorithmIdentifier { RSA | EC | Ed25519
    (re.compile(rb"\A\x30" + _LENGTH + rb"\x02\x01[\x00\x01]\x30" + _LENGTH + rb"\x06(?:\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01|\x07\x2a\x86\x48\xce\x3d\x02\x01|\x03\x2b\x65)",
                re.DOTALL), "a PKCS#8 private key"),
    # RSAPrivateKey ::= SEQUENCE { INTEGER 0, modulus of at least 1024 bits
    (re.compile(rb"\A\x30\x82..\x02\x01\x00\x02(?:\x81[\x81-\xff]|\x82..)\x00", re.DOTALL), "an RSA private key"),
    # ECPrivateKey ::= SEQUENCE { INTEGER 1, OCTET STRING of 32 or 48 bytes
    (re.compile(rb"\A\x30" + _LENGTH + rb"\x02\x01\x01\x04[\x20\x30]", re.DOTALL), "an EC private key"),
    # EncryptedPrivateKeyInfo ::= SEQUENCE { AlgorithmIdentifier { pbes2 | pkcs-12 PBE
    (re.compile(rb"\A\x30" + _LENGTH + rb"\x30" + _LENGTH + rb"\x06(?:\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d|\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01)", re.DOTALL),
     "an encrypted private key"),
]


def check(root: pathlib.Path) -> tuple[int, list[tree.Finding]]:
    findings = []
    looked_at = 0
    for path in tree.files(root):
        looked_at += 1
        name = path.relative_to(root)
        data = path.read_bytes()
        if NAMES.search(path.name):
            findings.append(f"{name}: the name of a key store")
        text = TEXT[:-1] if VECTORS.match(name.as_posix()) else TEXT
        findings += [f"{name}: {what}" for pattern, what in text if pattern.search(data)]
        findings += [f"{name}: {what}" for pattern, what in DER if pattern.search(data)]
    return looked_at, findings


if __name__ == "__main__":
    tree.run(check, "private keys")
