#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes records.json: canonical and forbidden wire bytes, made by hand-written protobuf that shares nothing with the project's code.

Usage: make_records.py > records.json        (tests/unit/record compares; the output never changes within version 1)
"""
import hashlib
import json


def varint(n: int) -> bytes:
    n &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def long_varint(n: int) -> bytes:
    """The same number with one byte more than needed."""
    b = varint(n)
    return b[:-1] + bytes([b[-1] | 0x80, 0])


def tag(field: int, wire: int) -> bytes:
    return varint(field << 3 | wire)


def num(field: int, value: int) -> bytes:
    return tag(field, 0) + varint(value)


def blob(field: int, value) -> bytes:
    value = value.encode() if isinstance(value, str) else value
    return tag(field, 2) + varint(len(value)) + value


def sint(value: int) -> int:
    return value * 2 if value >= 0 else -value * 2 - 1


def fill(n: int, length: int = 32) -> bytes:
    return bytes([n]) * length


def sha(b: bytes) -> bytes:
    return hashlib.sha256(b).digest()


UUID = bytes.fromhex("0190a1b2c3d47abc8def001122334455")
UUID2 = bytes.fromhex("0190a1b2c3d57abc8def001122334466")
T = 1790000000123

# ---- one of each, as lists of fields so that the forbidden forms below can be cut from them -------------------------------
enrolment_fields = [blob(1, fill(0x21)), blob(2, fill(0x22, 44)), num(3, 1), num(4, 3), blob(5, "210600"), num(6, T), num(7, T + 1000)]
enrolment = b"".join(enrolment_fields)
clerk = b"".join(enrolment_fields[:3] + [num(4, 1)] + enrolment_fields[4:])
revocation = blob(1, fill(0x21)) + num(2, T) + num(3, 2)
card_fields = [
    blob(1, "210600"), blob(2, "辽宁省丹东市中级人民法院"), blob(3, "Dandong Intermediate Court"),
    blob(4, fill(0x31)), blob(5, fill(0x32)), blob(6, fill(0x33)), blob(7, fill(0x34)), blob(8, fill(0x35)),
    blob(9, fill(0x36, 44)), blob(10, fill(0x37)), blob(11, b"\x30\x01"), blob(11, b"\x30\x02"), blob(12, b"\x30\x03"),
    blob(13, enrolment), blob(14, fill(0x38, 16)),
]
card = b"".join(card_fields)
card2 = b"".join([blob(1, "210700")] + card_fields[1:13] + [card_fields[14]])
cards_root = sha(b"\x01" + sha(b"\x00" + card) + sha(b"\x00" + card2))
core_fields = [blob(1, "judicial-chain.test"), num(2, 2), blob(3, cards_root)]
core = b"".join(core_fields)
ledger_id = sha(core)

filing_fields = [blob(1, "210600"), num(2, 3), blob(3, fill(0x11)), num(4, 1), blob(5, fill(0x12))]
filing = b"".join(filing_fields)
custody_anchor = blob(1, "210600") + num(2, 300) + blob(3, fill(0x13)) + blob(4, "checkpoint\n") + blob(5, fill(0x14)) + blob(5, fill(0x15))
charter = blob(1, core) + blob(2, fill(0x41, 64)) + blob(2, fill(0x42, 64))
epoch_fields = [num(1, 1), blob(2, fill(0x43)), num(3, 5), num(3, 300), blob(4, card), blob(4, card2), blob(5, "210800"), blob(5, "210900"),
                blob(6, cards_root)]
epoch = b"".join(epoch_fields)


def entry(body_field: int, body: bytes, epoch_number: int, head: bytes) -> bytes:
    return blob(body_field, body) + num(4, T) + num(5, 7) + (num(6, epoch_number) if epoch_number else b"") + blob(7, head)


charter_entry = entry(2, charter, 0, fill(0))
epoch_entry = entry(3, epoch, 1, fill(0x51))
ledger_anchor = (blob(1, ledger_id) + num(2, 12) + blob(3, fill(0x16)) + blob(4, "checkpoint\n") + blob(5, fill(0x17)) + blob(6, core)
                 + blob(7, card) + blob(8, epoch_entry) + num(9, 11) + blob(10, fill(0x18)))
renewal = num(1, 18204) + blob(2, fill(0x19)) + blob(3, fill(0x1A))
ballot = blob(1, fill(0x1B)) + num(2, 1) + num(3, 1)
ballot_no = blob(1, fill(0x1B))


def record(body_field: int, body: bytes, ident: bytes = UUID, time: int = T) -> bytes:
    return num(1, 1) + blob(2, ident) + num(3, time) + blob(body_field, body)


filing_record = record(10, filing)
signed_fields = [blob(1, filing_record), num(2, 1), blob(3, fill(0x61)), blob(4, fill(0x62, 64))]
signed = b"".join(signed_fields)
signed_entry = entry(1, signed, 1, fill(0x51))


def digest(algorithm: int, value: bytes) -> bytes:
    return num(1, algorithm) + blob(2, value)


descriptor_fields = [
    blob(1, fill(0x71)), blob(2, "证据（一）·录音 ①é.mp3"), blob(3, "证据（一）·录音 ①e\u0301.mp3"), num(4, 1234567),
    blob(5, digest(1, fill(0x72))), blob(5, digest(2, fill(0x73))), blob(5, digest(3, fill(0x74, 64))),
    blob(6, "audio/mpeg"), num(7, T), blob(8, fill(0x75)), blob(9, "（2021）辽06民初123号"), blob(10, "box/�"), blob(11, b"box/\xff"),
    blob(12, "证明借款事实"), num(14, T - 5000), num(15, 12),
]
descriptor = b"".join(descriptor_fields)
empty_file = (blob(1, fill(0x71)) + blob(2, "日志.txt") + blob(5, digest(1, sha(b""))) + num(7, T) + blob(13, "设备无日志输出"))
event_fields = [
    blob(1, UUID), num(2, T), num(3, sint(480)), num(4, 6), blob(5, fill(0x81)), num(6, 2), blob(7, "jchain 0.1.0"), blob(8, "court-pc-7"),
    blob(9, UUID2), num(10, 3), blob(11, "JC210600-7QZK-2026-18204-3-72"), blob(12, "（2021）辽06民初123号"), blob(13, "opened in court"),
    blob(14, fill(0x82)), blob(15, fill(0x83, 64)), num(16, 1), blob(17, fill(0x84)), blob(18, fill(0x85, 64)),
]
event = b"".join(event_fields)
event_west = blob(1, UUID) + num(2, T) + num(3, sint(-210)) + num(4, 1) + blob(5, fill(0x81)) + blob(7, "jchain 0.1.0")

valid = [
    ("filing", "record", filing_record),
    ("custody_anchor", "record", record(11, custody_anchor)),
    ("ledger_anchor", "record", record(12, ledger_anchor)),
    ("enrolment", "record", record(13, clerk)),
    ("revocation", "record", record(14, revocation)),
    ("proposal_admit", "record", record(15, num(1, 1) + blob(10, card))),
    ("proposal_change", "record", record(15, num(1, 1) + blob(11, card))),
    ("proposal_remove", "record", record(15, num(1, 1) + blob(12, "210700"))),
    ("proposal_suspend", "record", record(15, blob(13, "210700"))),
    ("proposal_enrol", "record", record(15, num(1, 1) + blob(14, clerk))),
    ("proposal_revoke", "record", record(15, num(1, 1) + blob(15, revocation))),
    ("ballot", "record", record(16, ballot)),
    ("ballot_no", "record", record(16, ballot_no)),
    ("renewal", "record", record(17, renewal)),
    ("signed", "signed_record", signed),
    ("entry_signed", "ledger_entry", signed_entry),
    ("entry_charter", "ledger_entry", charter_entry),
    ("entry_epoch", "ledger_entry", epoch_entry),
    ("card", "court_card", card),
    ("card2", "court_card", card2),
    ("core", "charter_core", core),
    ("descriptor", "item_descriptor", descriptor),
    ("descriptor_empty_file", "item_descriptor", empty_file),
    ("event", "custody_event", event),
    ("event_west", "custody_event", event_west),
]

bad = []


def refuse(name: str, kind: str, data: bytes) -> None:
    bad.append({"name": name, "kind": kind, "hex": data.hex()})


# Every kind: order, unknown field, trailing byte, cut, a singular field twice, an over-long varint, a default written out.
whole = {
    "record": [num(1, 1), blob(2, UUID), num(3, T), blob(10, filing)],
    "signed_record": signed_fields,
    "ledger_entry": [blob(1, signed), num(4, T), num(5, 7), num(6, 1), blob(7, fill(0x51))],
    "court_card": card_fields,
    "charter_core": core_fields,
    "item_descriptor": descriptor_fields,
    "custody_event": event_fields,
}
for kind, fields in whole.items():
    data = b"".join(fields)
    refuse(f"{kind}: empty", kind, b"")
    refuse(f"{kind}: two fields swapped", kind, b"".join([fields[1], fields[0]] + fields[2:]))
    refuse(f"{kind}: last field first", kind, b"".join([fields[-1]] + fields[:-1]))
    refuse(f"{kind}: unknown number", kind, data + num(100, 1))
    refuse(f"{kind}: unknown bytes", kind, data + blob(1000, b"x"))
    refuse(f"{kind}: unknown group", kind, data + tag(100, 3) + tag(100, 4))
    refuse(f"{kind}: unknown 64-bit", kind, data + tag(101, 1) + bytes(8))
    refuse(f"{kind}: trailing zero", kind, data + b"\0")
    refuse(f"{kind}: trailing byte", kind, data + b"\x08")
    refuse(f"{kind}: cut", kind, data[:-1])
    refuse(f"{kind}: first field twice", kind, b"".join([fields[0]] + fields))
    refuse(f"{kind}: last field twice", kind, data + fields[-1])
    for i in range(len(fields)):
        if fields[i][0] & 7 == 0 and fields[i][0] < 0x80:
            head, value = fields[i][:1], fields[i][1:]
            n = sum((b & 0x7F) << 7 * k for k, b in enumerate(value))
            refuse(f"{kind}: field {head[0] >> 3} as a long varint", kind, b"".join(fields[:i] + [head + long_varint(n)] + fields[i + 1:]))
    long_tag = bytes([fields[0][0] | 0x80, 0]) + fields[0][1:]
    refuse(f"{kind}: tag as a long varint", kind, long_tag + b"".join(fields[1:]))
    n = fields[-1]
    if n[0] & 7 == 2 and n[0] < 0x80 and n[1] < 0x80:
        refuse(f"{kind}: length as a long varint", kind, b"".join(fields[:-1]) + n[:1] + long_varint(n[1]) + n[2:])

# defaults written out
refuse("filing: purpose 0", "record", record(10, b"".join(filing_fields[:3]) + num(4, 0)))
refuse("filing: empty token digest", "record", record(10, b"".join(filing_fields[:4]) + blob(5, b"")))
refuse("ballot: epoch 0", "record", record(16, blob(1, fill(0x1B)) + num(2, 0)))
refuse("ballot: no", "record", record(16, blob(1, fill(0x1B)) + num(3, 0)))
refuse("ballot: yes as 2", "record", record(16, blob(1, fill(0x1B)) + num(3, 2)))
refuse("proposal: epoch 0", "record", record(15, num(1, 0) + blob(13, "210700")))
refuse("entry: epoch number 0", "ledger_entry", blob(2, charter) + num(4, T) + num(5, 7) + num(6, 0) + blob(7, fill(0)))
refuse("descriptor: empty raw name", "item_descriptor", blob(1, fill(0x71)) + blob(2, "a") + blob(3, b"") + num(4, 1) + blob(5, digest(1, fill(1))))
refuse("descriptor: form fields 0", "item_descriptor", b"".join(descriptor_fields[:-1]) + num(15, 0))
refuse("event: offset 0", "custody_event", b"".join(event_fields[:2]) + num(3, 0) + b"".join(event_fields[3:]))
refuse("event: outcome 0", "custody_event", b"".join(event_fields[:15]) + num(16, 0) + b"".join(event_fields[16:]))
# numbers too wide for their field
refuse("filing: purpose 2^32 + 1", "record", record(10, b"".join(filing_fields[:3]) + num(4, 2**32 + 1)))
refuse("record: version 2^32 + 1", "record", num(1, 2**32 + 1) + filing_record[2:])
# repeated
refuse("epoch: ballots packed", "ledger_entry",
       entry(3, b"".join(epoch_fields[:2]) + blob(3, varint(5) + varint(300)) + b"".join(epoch_fields[4:]), 1, fill(0x51)))
refuse("epoch: ballots not adjacent", "ledger_entry",
       entry(3, b"".join(epoch_fields[:3] + [epoch_fields[4], epoch_fields[3]] + epoch_fields[5:]), 1, fill(0x51)))
refuse("epoch: ballots descend", "ledger_entry",
       entry(3, b"".join(epoch_fields[:2] + [epoch_fields[3], epoch_fields[2]] + epoch_fields[4:]), 1, fill(0x51)))
refuse("epoch: ballot twice", "ledger_entry", entry(3, b"".join(epoch_fields[:3] + epoch_fields[2:]), 1, fill(0x51)))
refuse("epoch: no ballot", "ledger_entry", entry(3, b"".join(epoch_fields[:2] + epoch_fields[4:]), 1, fill(0x51)))
refuse("epoch: cards descend", "ledger_entry",
       entry(3, b"".join(epoch_fields[:4] + [epoch_fields[5], epoch_fields[4]] + epoch_fields[6:]), 1, fill(0x51)))
refuse("epoch: removed courts descend", "ledger_entry",
       entry(3, b"".join(epoch_fields[:6] + [epoch_fields[7], epoch_fields[6]] + epoch_fields[8:]), 1, fill(0x51)))
refuse("epoch: number of another epoch", "ledger_entry", entry(3, epoch, 2, fill(0x51)))
refuse("charter: epoch 1", "ledger_entry", entry(2, charter, 1, fill(0)))
refuse("charter: something before it", "ledger_entry", entry(2, charter, 0, fill(1)))
refuse("charter: a signature missing", "ledger_entry", entry(2, blob(1, core) + blob(2, fill(0x41, 64)), 0, fill(0)))
refuse("charter: a short signature", "ledger_entry", entry(2, blob(1, core) + blob(2, fill(0x41, 64)) + blob(2, fill(0x42, 63)), 0, fill(0)))
refuse("card: anchors descend", "court_card", b"".join(card_fields[:10] + [card_fields[11], card_fields[10]] + card_fields[12:]))
refuse("card: anchor twice", "court_card", b"".join(card_fields[:11] + card_fields[10:]))
refuse("card: administrator twice", "court_card", b"".join(card_fields[:14] + card_fields[13:]))
refuse("card: a clerk as administrator", "court_card", b"".join(card_fields[:13] + [blob(13, clerk), card_fields[14]]))
refuse("card: administrator of another court", "court_card", b"".join([blob(1, "210601")] + card_fields[1:]))
refuse("card: lower-case court key", "court_card", b"".join([blob(1, "21060a")] + card_fields[1:]))
refuse("card: no Chinese name", "court_card", b"".join(card_fields[:1] + card_fields[2:]))
refuse("card: key of 31 bytes", "court_card", b"".join(card_fields[:3] + [blob(4, fill(0x31, 31))] + card_fields[4:]))
refuse("card: nonce of 15 bytes", "court_card", b"".join(card_fields[:14] + [blob(14, fill(0x38, 15))]))
refuse("card: longer than 8 KiB", "court_card", b"".join(card_fields[:12] + [blob(12, fill(0x30, 8192))] + card_fields[13:]))
refuse("core: capital in the name", "charter_core", b"".join([blob(1, "Judicial")] + core_fields[1:]))
refuse("core: name of 64 characters", "charter_core", b"".join([blob(1, "a" * 64)] + core_fields[1:]))
refuse("core: no founder", "charter_core", core_fields[0] + core_fields[2])
# oneof
refuse("record: two bodies", "record", filing_record + blob(16, ballot))
refuse("record: no body", "record", filing_record[: -len(blob(10, filing))])
refuse("record: empty filing", "record", record(10, b""))
refuse("record: unknown body", "record", record(18, filing))
refuse("entry: two bodies", "ledger_entry", blob(1, signed) + blob(2, charter) + num(4, T) + num(5, 7) + num(6, 1) + blob(7, fill(0x51)))
refuse("entry: no body", "ledger_entry", num(4, T) + num(5, 7) + num(6, 1) + blob(7, fill(0x51)))
refuse("entry: height 0", "ledger_entry", blob(1, signed) + num(4, T) + num(6, 1) + blob(7, fill(0x51)))
refuse("entry: no control head", "ledger_entry", blob(1, signed) + num(4, T) + num(5, 7) + num(6, 1))
refuse("entry: time after 9999", "ledger_entry", blob(1, signed) + num(4, 253402300800000) + num(5, 7) + num(6, 1) + blob(7, fill(0x51)))
refuse("proposal: nothing proposed", "record", record(15, num(1, 1)))
refuse("proposal: empty court", "record", record(15, num(1, 1) + blob(12, "")))
refuse("proposal: empty card", "record", record(15, num(1, 1) + blob(10, b"")))
# inside
refuse("record: unknown field in the filing", "record", record(10, filing + num(6, 1)))
refuse("record: filing out of order", "record", record(10, b"".join([filing_fields[1], filing_fields[0]] + filing_fields[2:])))
refuse("record: long varint in the filing", "record", record(10, filing_fields[0] + tag(2, 0) + long_varint(3) + b"".join(filing_fields[2:])))
refuse("record: field twice in the filing", "record", record(10, filing_fields[0] + filing))
refuse("entry: unknown field in the signed record", "ledger_entry", entry(1, signed + num(9, 1), 1, fill(0x51)))
refuse("entry: unknown field in the epoch", "ledger_entry", entry(3, epoch + num(9, 1), 1, fill(0x51)))
refuse("card: unknown field in an administrator", "court_card", b"".join(card_fields[:13] + [blob(13, enrolment + num(9, 1)), card_fields[14]]))
refuse("descriptor: unknown field in a digest", "item_descriptor",
       b"".join(descriptor_fields[:4] + [blob(5, digest(1, fill(0x72)) + num(3, 1))] + descriptor_fields[5:]))
refuse("descriptor: digest out of order inside", "item_descriptor",
       b"".join(descriptor_fields[:4] + [blob(5, blob(2, fill(0x72)) + num(1, 1))] + descriptor_fields[5:]))
refuse("proposal: card with an unknown field", "record", record(15, num(1, 1) + blob(10, card + num(99, 1))))
refuse("proposal: card out of order", "record", record(15, num(1, 1) + blob(10, b"".join([card_fields[1], card_fields[0]] + card_fields[2:]))))
refuse("epoch: card with a trailing byte", "ledger_entry",
       entry(3, b"".join(epoch_fields[:4] + [blob(4, card + b"\x08")] + epoch_fields[6:]), 1, fill(0x51)))
refuse("charter: core with an unknown field", "ledger_entry",
       entry(2, blob(1, core + num(9, 1)) + blob(2, fill(0x41, 64)) + blob(2, fill(0x42, 64)), 0, fill(0)))
refuse("ledger anchor: charter without card", "record",
       record(12, blob(1, ledger_id) + num(2, 12) + blob(3, fill(0x16)) + blob(4, "c\n") + blob(6, core)))
refuse("ledger anchor: path without epoch entry", "record",
       record(12, blob(1, ledger_id) + num(2, 12) + blob(3, fill(0x16)) + blob(4, "c\n") + blob(10, fill(1))))
refuse("ledger anchor: epoch entry that is none", "record",
       record(12, blob(1, ledger_id) + num(2, 12) + blob(3, fill(0x16)) + blob(4, "c\n") + blob(8, charter_entry)))
refuse("ledger anchor: epoch entry outside the tree", "record",
       record(12, blob(1, ledger_id) + num(2, 12) + blob(3, fill(0x16)) + blob(4, "c\n") + blob(8, epoch_entry) + num(9, 12)))
refuse("custody anchor: path hash of 31 bytes", "record",
       record(11, blob(1, "210600") + num(2, 3) + blob(3, fill(0x13)) + blob(4, "c\n") + blob(5, fill(1, 31))))
refuse("custody anchor: path of 65 hashes", "record",
       record(11, blob(1, "210600") + num(2, 3) + blob(3, fill(0x13)) + blob(4, "c\n") + blob(5, fill(1)) * 65))
# values
refuse("record: version 2", "record", num(1, 2) + filing_record[2:])
refuse("record: no version", "record", filing_record[2:])
refuse("record: UUID of version 4", "record", record(10, filing, UUID[:6] + b"\x4a" + UUID[7:]))
refuse("record: UUID of the wrong variant", "record", record(10, filing, UUID[:8] + b"\xcd" + UUID[9:]))
refuse("record: id of 15 bytes", "record", record(10, filing, UUID[:15]))
refuse("record: time after 9999", "record", record(10, filing, UUID, 253402300800000))
refuse("record: negative time", "record", record(10, filing, UUID, -1))
refuse("record: longer than 16 KiB", "record",
       record(11, blob(1, "210600") + num(2, 300) + blob(3, fill(0x13)) + blob(4, b"c" * 16384)))
refuse("filing: court of 5", "record", record(10, blob(1, "21060") + b"".join(filing_fields[1:])))
refuse("filing: no items", "record", record(10, filing_fields[0] + b"".join(filing_fields[2:])))
refuse("filing: 2^32 items", "record", record(10, filing_fields[0] + num(2, 2**32) + b"".join(filing_fields[2:])))
refuse("filing: root of 31 bytes", "record", record(10, b"".join(filing_fields[:2]) + blob(3, fill(1, 31)) + filing_fields[3]))
refuse("filing: purpose 6", "record", record(10, b"".join(filing_fields[:3]) + num(4, 6)))
refuse("filing: token digest of 20 bytes", "record", record(10, b"".join(filing_fields[:4]) + blob(5, fill(1, 20))))
refuse("enrolment: scheme 4", "record", record(13, b"".join(enrolment_fields[:2] + [num(3, 4)] + enrolment_fields[3:])))
refuse("enrolment: role 0", "record", record(13, b"".join(enrolment_fields[:3] + enrolment_fields[4:])))
refuse("enrolment: role 6", "record", record(13, b"".join(enrolment_fields[:3] + [num(4, 6)] + enrolment_fields[4:])))
refuse("enrolment: ends before it begins", "record", record(13, b"".join(enrolment_fields[:6] + [num(7, T - 1)])))
refuse("enrolment: no key", "record", record(13, b"".join(enrolment_fields[:1] + enrolment_fields[2:])))
refuse("revocation: reason 0", "record", record(14, blob(1, fill(0x21)) + num(2, T)))
refuse("revocation: reason 6", "record", record(14, blob(1, fill(0x21)) + num(2, T) + num(3, 6)))
refuse("renewal: index 2^63", "record", record(17, num(1, 2**63) + blob(2, fill(1)) + blob(3, fill(2))))
refuse("signed: scheme 0", "signed_record", signed_fields[0] + b"".join(signed_fields[2:]))
refuse("signed: scheme 4", "signed_record", signed_fields[0] + num(2, 4) + b"".join(signed_fields[2:]))
refuse("signed: signature of 63 bytes", "signed_record", b"".join(signed_fields[:3]) + blob(4, fill(1, 63)))
refuse("signed: no record", "signed_record", b"".join(signed_fields[1:]))


def descriptor_with(**change) -> bytes:
    fields = {1: fill(0x71), 2: "a.txt", 3: None, 4: 1, 5: [digest(1, fill(1))], 6: None, 7: T, 8: None, 9: None, 10: None, 11: None, 12: None,
              13: None, 14: None, 15: None}
    fields.update({int(k[1:]): v for k, v in change.items()})
    out = b""
    for n in sorted(fields):
        v = fields[n]
        for one in v if isinstance(v, list) else [v]:
            if one is not None:
                out += num(n, one) if isinstance(one, int) else blob(n, one)
    return out


valid.append(("descriptor_small", "item_descriptor", descriptor_with()))
for name, change in {
    "salt of 31 bytes": {"f1": fill(1, 31)}, "no name": {"f2": None}, "name with NUL": {"f2": "a\0b"}, "name with slash": {"f2": "a/b"},
    "name not UTF-8": {"f2": b"a\xff"}, "name of 1025 bytes": {"f2": "a" * 1025}, "name not NFC": {"f2": "e\u0301"},
    "raw name equal to the name": {"f3": b"a.txt"}, "raw name of another file": {"f3": b"b\xff.txt"}, "raw name with NUL": {"f2": "a\ufffd", "f3": b"a\xff\0"},
    "no digest": {"f5": None}, "SM3 only": {"f5": [digest(2, fill(1))]}, "digests descend": {"f5": [digest(1, fill(1)), digest(3, fill(1, 64)), digest(2, fill(1))]},
    "digest twice": {"f5": [digest(1, fill(1)), digest(1, fill(2))]}, "SHA-256 of 64 bytes": {"f5": [digest(1, fill(1, 64))]},
    "SHA-512 of 32 bytes": {"f5": [digest(1, fill(1)), digest(3, fill(1))]}, "SM3 of 31 bytes": {"f5": [digest(1, fill(1)), digest(2, fill(1, 31))]},
    "algorithm 4": {"f5": [digest(1, fill(1)), digest(4, fill(1))]}, "algorithm 0": {"f5": [blob(2, fill(1))]},
    "media type not ASCII": {"f6": "文本"}, "media type of 256 bytes": {"f6": "a" * 256}, "intake time after 9999": {"f7": 253402300800000},
    "form digest of 31 bytes": {"f8": fill(1, 31)}, "case number of 129 bytes": {"f9": "1" * 129}, "folder absolute": {"f10": "/a"},
    "folder ends in a slash": {"f10": "a/"}, "folder climbs": {"f10": "a/../b"}, "folder with an empty part": {"f10": "a//b"},
    "folder with a dot": {"f10": "./a"}, "folder not NFC": {"f10": "e\u0301"}, "raw folder without folder": {"f11": b"a"},
    "purpose of 2001 bytes": {"f12": "a" * 2001}, "purpose with NUL": {"f12": "\0"}, "reason for a file that is not empty": {"f13": "x"},
    "modified after 9999": {"f14": 253402300800000}, "13 form fields": {"f8": fill(1), "f15": 13}, "form fields without a form": {"f15": 3},
    "size 2^63": {"f4": 2**63},
}.items():
    refuse(f"descriptor: {name}", "item_descriptor", descriptor_with(**change))


def event_with(**change) -> bytes:
    fields = {1: UUID, 2: T, 3: sint(480), 4: 6, 5: fill(0x81), 6: 2, 7: "jchain 0.1.0"}
    fields.update({int(k[1:]): v for k, v in change.items()})
    return b"".join(num(n, v) if isinstance(v, int) else blob(n, v) for n, v in sorted(fields.items()) if v is not None)


valid.append(("event_small", "custody_event", event_with()))
for name, change in {
    "id of version 4": {"f1": UUID[:6] + b"\x4a" + UUID[7:]}, "offset +15 h": {"f3": sint(900)}, "offset -13 h": {"f3": sint(-780)}, "kind 0": {"f4": None},
    "kind 31": {"f4": 31}, "actor of 31 bytes": {"f5": fill(1, 31)}, "role 6": {"f6": 6}, "no agent": {"f7": None}, "ordinal without filing": {"f10": 1},
    "filing of 15 bytes": {"f9": UUID[:15]}, "number mistyped": {"f11": "JC210600-7QZK-2026-18205-3-72"},
    "number in lower case": {"f11": "jc210600-7qzk-2026-18204-3-72"}, "detail of 4001 bytes": {"f13": "a" * 4001}, "detail with NUL": {"f13": "a\0"},
    "digest of 20 bytes": {"f14": fill(1, 20)}, "outcome 4": {"f16": 4}, "session key alone": {"f17": fill(1)}, "session signature alone": {"f18": fill(1, 64)},
    "session key of 31 bytes": {"f17": fill(1, 31), "f18": fill(1, 64)}, "machine not UTF-8": {"f8": b"\xc3"},
}.items():
    refuse(f"event: {name}", "custody_event", event_with(**change))

scheme, signer = 1, fill(0x61)
signing_input = b"judicial-chain/record/v1\x00" + ledger_id + bytes([scheme]) + signer + len(filing_record).to_bytes(4, "big") + filing_record


def evidence_number(court: str, ledger_tag: str, year: int, index: int, ordinal: int) -> str:
    parts = ["JC" + court, ledger_tag, f"{year:04d}", str(index), str(ordinal)]
    value = int("".join(str(int(c, 36)) for c in "".join(parts)) + "00")
    return "-".join(parts + [f"{98 - value % 97:02d}"])


def ledger_tag(ident: bytes) -> str:
    top = int.from_bytes(ident[:3], "big") >> 4
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[top >> s & 31] for s in (15, 10, 5, 0))


print(json.dumps({
    "about": "made by make_records.py; see docs/formats/records.md and numbers.md",
    "valid": [{"name": n, "kind": k, "hex": d.hex()} for n, k, d in valid],
    "refused": bad,
    "derived": {
        "ledgerId": ledger_id.hex(),
        "cardsRoot": cards_root.hex(),
        "entryHash": sha(b"\x00" + signed_entry).hex(),
        "recordSigningInput": signing_input.hex(),
        "charterSigningInput": (b"judicial-chain/charter/v1\x00" + core).hex(),
        "origin": "judicial-chain.test/" + ledger_id.hex()[:16],
        "ledgerTag": ledger_tag(ledger_id),
    },
    "evidenceNumbers": [
        {"text": evidence_number(*x), "court": x[0], "tag": x[1], "year": x[2], "index": str(x[3]), "ordinal": str(x[4])}
        for x in [("210600", "7QZK", 2026, 18204, 3), ("000000", "0000", 1970, 0, 1), ("110105", "ZZZZ", 2099, 2**63 - 1, 2**32 - 1),
                  ("ABCDEF", "8GHJ", 9999, 1, 10000), ("210681", ledger_tag(ledger_id), 2027, 999, 42)]
    ],
}, ensure_ascii=False, indent=1))
