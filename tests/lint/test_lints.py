# SPDX-License-Identifier: Apache-2.0
"""Each lint must refuse what it is there for, and accept its neighbour that is right."""
import base64
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
SPDX = "// SPDX-License-" "Identifier: Apache-2.0\n"


def lint(name: str, root: pathlib.Path, files: dict[str, str | bytes]) -> subprocess.CompletedProcess:
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return subprocess.run([sys.executable, str(HERE / f"{name}.py"), str(root)], capture_output=True, text=True, timeout=60)


def test_a_lint_that_sees_nothing_fails(tmp_path):
    for name in ("include_direction", "private_keys", "banned_calls", "spdx", "tracked_paths", "links"):
        assert lint(name, tmp_path, {}).returncode == 1, name


@pytest.mark.parametrize("file, include", [
    ("core/base/x.cpp", '"crypto/digest.h"'),
    ("core/merkle/x.h", '"note/note.h"'),
    ("core/merkle/x.h", '"store/database.h"'),
    ("core/verdict/x.h", '"ledger/ledger.h"'),
    ("core/verdict/x.cpp", '"store/database.h"'),
    ("core/verdict/x.cpp", '"archive/archive.h"'),
    ("core/verdict/x.cpp", '"intake/intake.h"'),
    ("core/ledger/x.cpp", "<openssl/evp.h>"),
    ("core/note/x.cpp", "<botan/hash.h>"),
    ("app/cli/x.cpp", "<openssl/ssl.h>"),
    ("core/intake/x.cpp", "<gcrypt.h>"),
    ("core/base/x.cpp", "<QString>"),
    ("core/intake/x.cpp", "<QtCore/QFile>"),
    ("core/store/x.h", "<nlohmann/json.hpp>"),
    ("core/ledger/x.cpp", "<record/record.h>"),
    ("core/ledger/x.cpp", '"record/codec_internal.h"'),
    ("core/ledger/x.cpp", '"../record/record.h"'),
    ("core/base/x.cpp", '"app/cli/main.h"'),
    ("core/elsewhere/x.h", '"base/bytes.h"'),
])
def test_a_back_edge_is_refused(tmp_path, file, include):
    assert lint("include_direction", tmp_path, {file: f"#include {include}\n"}).returncode == 1


@pytest.mark.parametrize("file, include", [
    ("core/crypto/x.cpp", "<openssl/evp.h>"),
    ("core/crypto/x.cpp", "<gcrypt.h>"),
    ("core/timestamp/x.cpp", "<openssl/ts.h>"),
    ("core/merkle/x.h", '"crypto/digest.h"'),
    ("core/verdict/x.cpp", '"receipt/receipt.h"'),
    ("core/receipt/zip_file.cpp", "<quazip/quazip.h>"),
    ("core/base/x.h", "<tl/expected.hpp>"),
    ("core/store/x.cpp", "<nlohmann/json.hpp>"),
    ("app/cli/main.cpp", '"service/filing.h"'),
])
def test_a_right_include_is_accepted(tmp_path, file, include):
    run = lint("include_direction", tmp_path, {file: f"#include {include}\n"})
    assert run.returncode == 0, run.stdout


def test_a_verdict_sees_no_ledger_through_another_rooms_header(tmp_path):
    run = lint("include_direction", tmp_path, {"core/verdict/x.cpp": '#include "receipt/reader.h"\n', "core/receipt/reader.h": '#include "ledger/ledger.h"\n'})
    assert run.returncode == 1 and "through receipt/reader.h" in run.stdout


def key(kind: str) -> bytes:
    """Throw-away keys made on the spot, so that this file holds none."""
    def openssl(*args: str, stdin: bytes = b"") -> bytes:
        return subprocess.run(["openssl", *args], input=stdin, check=True, capture_output=True, timeout=60).stdout
    pem = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    if kind == "pem":
        return b"some text\n" + pem
    if kind == "pem-in-a-literal":
        return b'const char* kKey = "' + pem.replace(b"\n", b'\\n"\n    "') + b'";'
    if kind == "pem-with-headers":
        return openssl("ec", "-aes128", "-passout", "pass:x", stdin=pem)
    if kind == "pem-encrypted":
        return openssl("pkcs8", "-topk8", "-passout", "pass:x", stdin=pem)
    if kind == "ec-pem":
        return openssl("ec", stdin=pem)
    if kind == "pkcs8-der":
        return openssl("pkcs8", "-topk8", "-nocrypt", "-outform", "DER", stdin=pem)
    if kind == "pkcs8-ed25519":
        return openssl("genpkey", "-algorithm", "ED25519", "-outform", "DER")
    if kind == "pkcs8-encrypted-der":
        return openssl("pkcs8", "-topk8", "-passout", "pass:x", "-outform", "DER", stdin=pem)
    if kind == "ec-der":
        return openssl("ec", "-outform", "DER", stdin=pem)
    if kind == "rsa-der":
        return openssl("rsa", "-traditional", "-outform", "DER", stdin=openssl("genrsa", "1024"))
    if kind == "p12":
        return openssl("pkcs12", "-export", "-nocerts", "-passout", "pass:x", stdin=pem)
    if kind == "age":
        return b"AGE-SECRET-" + b"KEY-1" + b"Q" * 58
    if kind == "openssh":
        return b"x\nopenssh-" + b"key-v1\0\0\0"
    assert kind == "note"
    return b"PRIVATE+" + b"KEY+log.example+01234567+" + base64.b64encode(bytes(33))


@pytest.mark.parametrize("kind", ["pem", "pem-in-a-literal", "pem-with-headers", "pem-encrypted", "ec-pem", "pkcs8-der", "pkcs8-ed25519", "pkcs8-encrypted-der", "ec-der", "rsa-der", "p12", "age",
                                  "openssh", "note"])
def test_a_private_key_is_found(tmp_path, kind):
    assert lint("private_keys", tmp_path, {"docs/innocent.txt": key(kind)}).returncode == 1


@pytest.mark.parametrize("name", ["a.p12", "B.PFX", "c.jks"])
def test_a_key_stores_name_is_enough(tmp_path, name):
    assert lint("private_keys", tmp_path, {name: b"x"}).returncode == 1


def test_public_material_and_vector_seeds_are_no_keys(tmp_path):
    pem = key("pem")
    public = subprocess.run(["openssl", "pkey", "-pubout"], input=pem.split(b"\n", 1)[1], check=True, capture_output=True).stdout
    certificate = subprocess.run(["openssl", "req", "-x509", "-key", "/dev/stdin", "-subj", "/CN=x", "-outform", "DER"], input=pem.split(b"\n", 1)[1],
                                 check=True, capture_output=True).stdout
    header = b'std::string pem = "-----BEGIN PRIVATE ' + b'KEY-----\\n" + toBase64(der);'
    run = lint("private_keys", tmp_path, {"a.pem": public, "c.cpp": header, "b.der": certificate, "tests/vectors/v.json": key("note")})
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("file, code", [
    ("core/base/x.cpp", "int n = atoi(p);"),
    ("core/base/x.cpp", "auto n = std::stoul(text);"),
    ("core/record/x.cpp", "auto t = std::chrono::system_clock::now();"),
    ("core/record/x.cpp", "std::unordered_map<int, int> m;\nvoid f()\n{\n    for (const auto& [k, v] : m) g(k);\n}"),
    ("core/ledger/x.cpp", "std::unordered_set<Key> m_seen = {};\nfor (auto& x : other.m_seen) g(x);"),
    ("core/ledger/x.cpp", "void f(const std::unordered_set<std::string>& all)\n{\n    for (auto& one : all) g(one);\n}"),
    ("core/verdict/x.cpp", 'std::ifstream in("f");'),
    ("core/ledger/x.cpp", "worker.detach();"),
    ("core/ledger/x.cpp", "std::cout << 1;"),
    ("core/ledger/x.cpp", "std::system(command);"),
    ("app/cli/x.cpp", "::system(command);"),
    ("core/ledger/x.cpp", "std::this_thread::sleep_for(1s);"),
    ("core/crypto/x.cpp", "std::mt19937 r;"),
    ("ui/jobs/x.cpp", "QCoreApplication::processEvents();"),
])
def test_a_banned_call_is_found(tmp_path, file, code):
    assert lint("banned_calls", tmp_path, {file: SPDX + code + "\n"}).returncode == 1


def test_an_excuse_needs_a_reason(tmp_path):
    call = "std::this_thread::sleep_for(1ms); // lint-ok:"
    assert lint("banned_calls", tmp_path, {"core/base/x.cpp": SPDX + call + " the device has no event to wait on\n"}).returncode == 0
    assert lint("banned_calls", tmp_path, {"core/base/x.cpp": SPDX + call + "\n"}).returncode == 1


def test_looking_up_in_an_unordered_container_is_fine(tmp_path):
    code = SPDX + "std::unordered_map<std::string, int> m;\nint f() { return m.find(key) == m.end() ? 0 : m.at(key); }\nfor (auto& x : list) g(x);\n"
    run = lint("banned_calls", tmp_path, {"core/record/x.cpp": code})
    assert run.returncode == 0, run.stdout


def test_words_in_comments_and_literals_are_no_calls(tmp_path):
    code = SPDX + "// never call atoi(x)\n/* system(\n y) */ const char* s = \"std::cout\"; char c = '\"'; auto r = R\"(abort())\"; int big = 1'000'000;\n"
    run = lint("banned_calls", tmp_path, {"core/base/x.cpp": code})
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("file, content, code", [
    ("core/base/x.h", "#pragma once\n", 1),
    ("core/base/x.h", SPDX.replace("Apache-2.0", "GPL-3.0-or-later"), 1),
    ("ui/x.h", SPDX, 1),
    ("installer/thing", "#!/bin/sh\necho\n", 1),
    ("core/base/x.h", SPDX, 0),
    ("ui/x.h", SPDX.replace("Apache-2.0", "GPL-3.0-or-later"), 0),
])
def test_every_source_names_its_licence(tmp_path, file, content, code):
    assert lint("spdx", tmp_path, {file: content}).returncode == code


@pytest.mark.parametrize("files", [
    {"docs/a.md": "see /home/" + "someone/project/x\n"},
    {"docs/a.md": "x", "docs/A.md": "y"},
    {"core/base/x.cpp.orig": "x"},
    {"docs/big.txt": "x" * (2 * 1024 * 1024 + 1)},
])
def test_what_does_not_belong_in_a_repository_is_found(tmp_path, files):
    assert lint("tracked_paths", tmp_path, files).returncode == 1
    assert lint("tracked_paths", tmp_path / "clean", {"docs/a.md": "see ~/project\n"}).returncode == 0


@pytest.mark.parametrize("xml, counts", [
    ('<testsuite><testcase name="a" status="run"/><testcase name="b"><failure/></testcase><testcase name="c"><skipped/></testcase></testsuite>', "1 1 1"),
    ('<testsuite><testcase name="a" status="fail"/><testcase name="b" status="disabled"/></testsuite>', "0 1 1"),
    ("<testsuite><broken", "0 1 0"),
])
def test_totals_count_what_is_unknown_as_failed(tmp_path, xml, counts):
    (tmp_path / "r.xml").write_text(xml)
    script = HERE.parents[1] / "installer" / "junit_totals.py"
    run = subprocess.run([sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert run.stdout.strip() == counts


@pytest.mark.parametrize("text, accepted", [
    ("[a](b.md) and [c](b.md#part)", True),
    ("[a](there.md)", False),
    ("![picture](images/x.svg)", False),
    ("[web](https://example.org/x.md) [here](#part)", True),
    ("```\n[a](there.md)\n```", True),
    ("as docs/b.md says", True),
    ("as docs/there.md says", False),
])
def test_links_lead_somewhere(tmp_path, text, accepted):
    run = lint("links", tmp_path, {"docs/a.md": text + "\n", "docs/b.md": "\n"})
    assert (run.returncode == 0) == accepted, run.stdout


def test_a_page_that_a_source_names_exists(tmp_path):
    assert lint("links", tmp_path, {"core/base/x.h": "// docs/there.md\n"}).returncode == 1
