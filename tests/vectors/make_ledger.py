#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes ledger.json: a small ledger with fixed keys and times, from Ed25519 of RFC 8032 and hand-written protobuf; nothing of the project's code.

Usage: make_ledger.py > ledger.json        (tests/unit/ledger compares; the output never changes within version 1)
"""
import hashlib
import json

# ---- Ed25519, RFC 8032 §5.1, plain and slow ------------------------------------------------------------------------------------
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
BY = 4 * pow(5, P - 2, P) % P


def recover_x(y: int, sign: int) -> int:
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return P - x if x & 1 != sign else x


BASE = (recover_x(BY, 0), BY, 1, recover_x(BY, 0) * BY % P)


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def mul(n, p):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = add(out, p)
        p = add(p, p)
        n >>= 1
    return out


def compress(p) -> bytes:
    z = pow(p[2], P - 2, P)
    x, y = p[0] * z % P, p[1] * z % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def sha(b: bytes) -> bytes:
    return hashlib.sha256(b).digest()


class Key:
    def __init__(self, name: str):
        h = hashlib.sha512(sha(b"judicial-chain test key: " + name.encode())).digest()
        a = int.from_bytes(h[:32], "little")
        self.a = a & (1 << 254) - 8 | 1 << 254
        self.prefix = h[32:]
        self.raw = compress(mul(self.a, BASE))
        self.spki = bytes.fromhex("302a300506032b6570032100") + self.raw
        self.id = sha(self.spki)

    def sign(self, m: bytes) -> bytes:
        r = int.from_bytes(hashlib.sha512(self.prefix + m).digest(), "little") % Q
        big_r = compress(mul(r, BASE))
        k = int.from_bytes(hashlib.sha512(big_r + self.raw + m).digest(), "little") % Q
        return big_r + ((r + k * self.a) % Q).to_bytes(32, "little")


# ---- canonical protobuf ---------------------------------------------------------------------------------------------------------
def varint(n: int) -> bytes:
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def num(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value) if value else b""


def blob(field: int, value) -> bytes:
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value if value else b""


def message(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


# ---- Merkle ---------------------------------------------------------------------------------------------------------------------
def leaf_hash(b: bytes) -> bytes:
    return sha(b"\0" + b)


def root(leaves) -> bytes:
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha(b"\1" + root(leaves[:k]) + root(leaves[k:]))


# ---- the court, as in tests/support/court.h ----------------------------------------------------------------------------------------
START, DAY = 1_790_000_000_000, 86_400_000
COURT = "210600"
CLERK, JUDGE, ADMINISTRATOR = 1, 2, 3


class Person:
    def __init__(self, name: str, role: int):
        self.key = Key(name)
        self.id = sha(b"certificate of " + name.encode())
        self.enrolment = (blob(1, self.id) + blob(2, self.key.spki) + num(3, 1) + num(4, role) + blob(5, COURT) + num(6, START - DAY)
                          + num(7, START + 3650 * DAY))


admins = [Person(f"{COURT} administrator {i}", ADMINISTRATOR) for i in range(2)]
governance, service = Key(COURT + " governance"), Key(COURT + " service")
card = blob(1, COURT) + blob(2, "测试法院 " + COURT) + blob(3, "Test court " + COURT)
for number, what in enumerate(["consensus", "log", "cosigner", "witness", "custody"], 4):
    card += blob(number, Key(f"{COURT} {what}").raw)
card += blob(9, governance.spki) + blob(10, service.raw)
for person in sorted(admins, key=lambda a: a.id):
    card += message(13, person.enrolment)
card += blob(14, bytes([7]) * 16)
core = blob(1, "test.court.example") + num(2, 1) + blob(3, root([leaf_hash(card)]))
L = sha(core)
charter_signature = governance.sign(b"judicial-chain/charter/v1\0" + core)


def uuid(t: int, number: int) -> bytes:
    return t.to_bytes(6, "big") + b"\x70\0\x80" + number.to_bytes(7, "big")


def record(number: int, field: int, body: bytes, t: int = START) -> bytes:
    return num(1, 1) + blob(2, uuid(t, number)) + num(3, t) + message(field, body)


def signed(who, rec: bytes, scheme: int = 1, spoil: bool = False) -> bytes:
    key, name = (who.key, who.id) if isinstance(who, Person) else (who, who.id)
    sig = key.sign(b"judicial-chain/record/v1\0" + L + bytes([scheme]) + name + len(rec).to_bytes(4, "big") + rec)
    if spoil:
        sig = bytes([sig[0] ^ 1]) + sig[1:]
    return blob(1, rec) + num(2, scheme) + blob(3, name) + blob(4, sig)


def filing(court: str, n: int) -> bytes:
    return blob(1, court) + num(2, 1 + n % 5) + blob(3, sha(f"items {n}".encode())) + num(4, 1)


clerk, judge, third = Person("clerk", CLERK), Person("judge", JUDGE), Person("third", ADMINISTRATOR)


def revocation(p: Person, from_time: int = START, reason: int = 1) -> bytes:
    return blob(1, p.id) + num(2, from_time) + num(3, reason)


# ---- the log ------------------------------------------------------------------------------------------------------------------------
entries, leaves, head = [], [], bytes(32)


def append(body: bytes, t: int, height: int, control: bool) -> int:
    global head
    entry = body + num(4, t) + num(5, height) + blob(7, head)
    leaves.append(leaf_hash(entry))
    if control:
        head = sha(head + leaves[-1])
    entries.append({"entry": entry.hex(), "leaf_hash": leaves[-1].hex(), "control_head_after": head.hex(), "root_after": root(leaves).hex()})
    return len(entries) - 1


append(message(2, blob(1, core) + blob(2, charter_signature)), START, 1, True)
blocks = []


def block(t: int, *records):
    """records: (what, signed record, result); 'same N' names the entry that is there already."""
    height, out = len(blocks) + 2, []
    for what, body, result in records:
        item = {"what": what, "signed_record": body.hex(), "result": "ok" if result.startswith(("same", "control")) else result}
        if result.startswith("same"):
            item["index"] = int(result.split()[1])
        elif item["result"] == "ok":
            item["index"] = append(message(1, body), t, height, result == "control")
        out.append(item)
    blocks.append({"height": height, "ledger_time_ms": t, "records": out})


ENROL, REVOKE, FILE, RENEW = 13, 14, 10, 17
first = signed(clerk, record(10, FILE, filing(COURT, 1)))
block(START + 1,
      ("a filing before its signer is enrolled", first, "unknown_signer"),
      ("enrolment of a clerk needs one", signed(admins[0], record(1, ENROL, clerk.enrolment)), "control"),
      ("the same filing now", first, "ok"),
      ("and again", first, "same 2"),
      ("its id for other bytes", signed(clerk, record(10, FILE, filing(COURT, 2))), "id_conflict"))
block(START + 2,
      ("a signature that does not verify", signed(clerk, record(11, FILE, filing(COURT, 3)), spoil=True), "bad_signature"),
      ("another court's filing", signed(clerk, record(12, FILE, filing("370200", 3))), "wrong_court"),
      ("a judge is enrolled", signed(admins[1], record(2, ENROL, judge.enrolment)), "control"),
      ("a judge does not file", signed(judge, record(13, FILE, filing(COURT, 4))), "wrong_role"),
      ("enrolled twice", signed(admins[0], record(3, ENROL, judge.enrolment)), "already_enrolled"))
block(START + 3,
      ("a third administrator, first word", signed(admins[0], record(4, ENROL, third.enrolment)), "control"),
      ("not enough yet", signed(third, record(1, REVOKE, revocation(judge))), "unknown_signer"),
      ("the same person again", signed(admins[0], record(5, ENROL, third.enrolment)), "repeated_approval"),
      ("second word", signed(admins[1], record(6, ENROL, third.enrolment)), "control"))
block(START + 30 * DAY,
      ("revocation, first word", signed(third, record(2, REVOKE, revocation(judge))), "control"))
block(START + 60 * DAY + 1,
      ("too old a from-time by now", signed(admins[0], record(7, REVOKE, revocation(judge))), "needs_vote"),
      ("another one, first word", signed(admins[0], record(8, REVOKE, revocation(judge, START + 59 * DAY))), "control"),
      ("second word", signed(third, record(3, REVOKE, revocation(judge, START + 59 * DAY))), "control"),
      ("revoked already", signed(admins[1], record(9, REVOKE, revocation(judge, START + 60 * DAY))), "already_revoked"),
      ("nobody of that name", signed(admins[1], record(10, REVOKE, blob(1, sha(b"?")) + num(2, START + 60 * DAY) + num(3, 5))),
       "unknown_certificate"))
block(START + 61 * DAY,
      ("a renewal by the service key", signed(service, record(1, RENEW, num(1, 2) + blob(2, leaves[2]) + blob(3, sha(b"token")))), "ok"),
      ("of an entry that differs", signed(service, record(2, RENEW, num(1, 2) + blob(2, leaves[3]) + blob(3, sha(b"token")))), "entry_differs"),
      ("of an entry to come", signed(service, record(3, RENEW, num(1, 99) + blob(2, leaves[3]) + blob(3, sha(b"token")))), "unknown_entry"),
      ("a clerk does not renew", signed(clerk, record(14, RENEW, num(1, 2) + blob(2, leaves[2]) + blob(3, sha(b"token")))), "wrong_role"),
      ("a ballot has no place in one court's ledger", signed(governance, record(1, 16, blob(1, sha(b"p")))), "kind_not_accepted"),
      ("SM2 is for later", signed(clerk, record(15, FILE, filing(COURT, 5)), scheme=3), "scheme_not_supported"),
      ("an Ed25519 key that says P-256", signed(clerk, record(16, FILE, filing(COURT, 5)), scheme=2), "scheme_differs"))
block(START + 3650 * DAY,
      ("the last moment of the certificate", signed(clerk, record(17, FILE, filing(COURT, 6))), "ok"))
block(START + 3650 * DAY + 1,
      ("one millisecond after it", signed(clerk, record(18, FILE, filing(COURT, 7))), "signer_expired"))

print(json.dumps({"about": "A ledger of one court with fixed keys (Ed25519 seed = SHA-256('judicial-chain test key: ' + name)) and times. "
                           "docs/formats/ledger.md; made by make_ledger.py.",
                  "cards": [card.hex()], "charter_core": core.hex(), "charter_signatures": [charter_signature.hex()], "ledger_id": L.hex(),
                  "charter_time_ms": START, "blocks": blocks, "entries": entries}, indent=1, ensure_ascii=False))
