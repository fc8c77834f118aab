#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes ed25519-edge.json: signatures at the edges of RFC 8032 with the verdict of docs/formats/signatures.md.

Plain affine arithmetic, slow and obvious, sharing nothing with the libraries under test. Every verdict is computed by the rule below.
"""
import hashlib
import json
import pathlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def recover_x(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        return None
    return (P - x) % P if x % 2 != sign else x


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2 % P
    return ((x1 * y2 + x2 * y1) * pow(1 + k, P - 2, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, P - 2, P) % P)


def multiply(n, point):
    result = (0, 1)
    while n:
        if n & 1:
            result = add(result, point)
        point = add(point, point)
        n >>= 1
    return result


def negate(point):
    return ((P - point[0]) % P, point[1])


def encode(point, y=None, sign=None):
    """y and sign override the canonical encoding."""
    y = point[1] if y is None else y
    sign = point[0] & 1 if sign is None else sign
    return (y | sign << 255).to_bytes(32, "little")


def decode_leniently(raw):
    """As libraries that reduce y and ignore the sign of x = 0 do."""
    value = int.from_bytes(raw, "little")
    y = value % 2**255 % P
    x = recover_x(y, value >> 255)
    return None if x is None else (x, y)


BASE = (recover_x(4 * pow(5, P - 2, P) % P, 0), 4 * pow(5, P - 2, P) % P)


def challenge(r, a, message):
    return int.from_bytes(hashlib.sha512(r + a + message).digest(), "little") % L


def group_equation(a, message, signature, cofactor):
    """Only [S]B = R + [k]A, without any check of encodings."""
    point_a, point_r = decode_leniently(a), decode_leniently(signature[:32])
    if point_a is None or point_r is None:
        return False
    left = multiply(int.from_bytes(signature[32:], "little"), BASE)
    right = add(point_r, multiply(challenge(signature[:32], a, message), point_a))
    return multiply(cofactor, left) == multiply(cofactor, right)


def verdict(a, message, signature):
    """The rule of the project."""
    if int.from_bytes(a, "little") % 2**255 >= P:
        return False
    if int.from_bytes(signature[32:], "little") >= L:
        return False
    point = decode_leniently(a)
    if point is None or multiply(8, point) == (0, 1):
        return False
    s, k = int.from_bytes(signature[32:], "little"), challenge(signature[:32], a, message)
    return encode(add(multiply(s, BASE), negate(multiply(k, point)))) == signature[:32]


def scalar(seed):
    h = hashlib.sha512(seed).digest()
    return (int.from_bytes(h[:32], "little") & (2**254 - 8)) | 2**254, h[32:]


def sign(seed, message):
    a, prefix = scalar(seed)
    public = encode(multiply(a, BASE))
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    point = encode(multiply(r, BASE))
    return public, point + ((r + challenge(point, public, message) * a) % L).to_bytes(32, "little")


def torsion_point():
    y = 2
    while True:
        x = recover_x(y, 0)
        if x is not None:
            t = multiply(L, (x, y))
            if multiply(4, t) != (0, 1):
                return t
        y += 1


CASES = []


def case(comment, a, message, signature, **more):
    CASES.append({
        "comment": comment, "key": a.hex(), "message": message.hex(), "signature": signature.hex(),
        "valid": verdict(a, message, signature),
        "equation": group_equation(a, message, signature, 1), "equationCofactored": group_equation(a, message, signature, 8), **more,
    })


def until(condition):
    """A message for which the condition holds."""
    n = 0
    while not condition(message := b"edge %d" % n):
        n += 1
    return message


def main():
    for title, seed, message in [
        ("RFC 8032 test 1", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", b""),
        ("RFC 8032 test 2", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", b"\x72"),
        ("RFC 8032 test 3", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", b"\xaf\x82"),
        ("RFC 8032 test SHA(abc)", "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42", hashlib.sha512(b"abc").digest()),
    ]:
        a, signature = sign(bytes.fromhex(seed), message)
        case(title, a, message, signature, seed=seed)

    seed = hashlib.sha256(b"edge key").digest()
    secret, _ = scalar(seed)
    point_a = multiply(secret, BASE)
    a, good = sign(seed, b"edge")
    s = int.from_bytes(good[32:], "little")
    case("plain", a, b"edge", good)
    case("another message", a, b"edgf", good)
    case("one bit of R", a, b"edge", bytes([good[0] ^ 1]) + good[1:])
    case("one bit of S", a, b"edge", good[:32] + bytes([good[32] ^ 1]) + good[33:])
    for n in (1, 2, 7):
        case(f"S + {n}L", a, b"edge", good[:32] + (s + n * L).to_bytes(32, "little"))
    for name, value in (("L", L), ("L - 1", L - 1), ("0", 0), ("2^256 - 1", 2**256 - 1), ("S with bit 253", s | 1 << 253), ("S with bit 255", s | 1 << 255)):
        case(f"S = {name}", a, b"edge", good[:32] + value.to_bytes(32, "little"))
    identity = (0, 1)
    k = challenge(encode(identity), a, b"edge")
    case("R is the identity, S = k a", a, b"edge", encode(identity) + (k * secret % L).to_bytes(32, "little"))
    raw = encode(identity, y=P + 1)
    k = challenge(raw, a, b"edge")
    case("R is the identity, y not reduced", a, b"edge", raw + (k * secret % L).to_bytes(32, "little"))
    raw = encode(identity, sign=1)
    k = challenge(raw, a, b"edge")
    case("R is the identity with the sign of -0", a, b"edge", raw + (k * secret % L).to_bytes(32, "little"))

    torsion = torsion_point()
    small = [multiply(i, torsion) for i in range(8)]
    r_point = multiply(12345, BASE)
    for i in range(1, 8):
        raw = encode(add(r_point, small[i]))
        k = challenge(raw, a, b"edge")
        case(f"R has a component of small order ({i}T): only with cofactor", a, b"edge", raw + ((12345 + k * secret) % L).to_bytes(32, "little"))
    for i in (1, 2, 4):
        mixed = encode(add(point_a, small[i]))
        raw = encode(r_point)
        order = 8 // i
        for divides in (False, True):
            message = until(lambda m: (challenge(raw, mixed, m) % order == 0) == divides)
            k = challenge(raw, mixed, message)
            case(f"key has a component of small order ({i}T), k {'a multiple of its order' if divides else 'not a multiple'}", mixed, message,
                 raw + ((12345 + k * secret) % L).to_bytes(32, "little"))

    # Keys of small order, in every encoding that a lenient reader takes: with k = 0 mod 8, R = [S]B satisfies the equation for any S.
    names = []
    for point in small:
        names.append((point, point[1], point[0] & 1))
        if point[0] == 0:
            names.append((point, point[1], 1))
        if point[1] < 19:
            names += [(point, point[1] + P, sign) for sign in ((0, 1) if point[0] == 0 else (point[0] & 1,))]
    for point, y, sign_bit in sorted(set(names)):
        key = encode(point, y, sign_bit)
        for s_value, r in ((0, identity), (12345, r_point)):
            raw = encode(r)
            message = until(lambda m: challenge(raw, key, m) % 8 == 0)
            case(f"key of small order, y {'not ' if y >= P else ''}reduced, S = {s_value}", key, message, raw + s_value.to_bytes(32, "little"))
    for y in range(2, 19):
        if recover_x(y, 0) is not None:
            case(f"key y = p + {y}: a second name of a point", (P + y).to_bytes(32, "little"), b"edge", good)
    for y in range(2, 60):
        if recover_x(y, 0) is None:
            case(f"key y = {y}: no point", y.to_bytes(32, "little"), b"edge", good)
            break
    case("key of 32 bytes ff", b"\xff" * 32, b"edge", good)
    case("all zero", bytes(32), b"", bytes(64))

    document = {
        "comment": "Written by make_ed25519_edge.py. valid = verdict of this project; equation, equationCofactored = what a verifier without "
                   "checks of encodings would find.",
        "cases": CASES,
    }
    path = pathlib.Path(__file__).with_name("ed25519-edge.json")
    path.write_text(json.dumps(document, indent=1) + "\n")
    print(len(CASES), "cases,", sum(c["valid"] for c in CASES), "valid,", sum(c["equation"] and not c["valid"] for c in CASES), "caught by checks alone")


if __name__ == "__main__":
    main()
