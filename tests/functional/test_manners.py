# SPDX-License-Identifier: Apache-2.0
"""How the program behaves: help, languages, mistakes, JSON, pipes, Ctrl-C, PINs, terminals."""
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import time

import pytest

from conftest import CASE, document, environment, jchain, program, validate

COMMANDS = ["demo", "init", "backup", "restore", "verify-backup", "case new", "case list", "case show", "file", "status", "outbox", "outbox retry", "receipt export", "receipt show",
            "receipt extract", "verify", "custody log", "custody add", "audit", "log export", "trust show", "trust export", "trust import", "trust update", "staff enrol", "staff list",
            "staff revoke", "bench"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches(command):
    for language, words in (("en", ("Usage: ", "Examples:", "Exit codes: ")), ("zh_CN", ("用法：", "例子：", "退出码："))):
        done = jchain(*command.split(), "--help", "--lang", language)
        text = done.stdout.decode()
        assert done.returncode == 0 and done.stderr == b""
        assert all(w in text for w in words) and f"jchain {command}" in text


def test_alone_it_guides_and_version_names_itself():
    guide = jchain()
    assert guide.returncode == 0 and "jchain demo" in guide.stdout.decode()
    assert re.fullmatch(r"judicial-chain \d+\.\d+\.\d+\n", jchain("--version").stdout.decode())


def test_later_commands_are_not_offered():
    for language in ("en", "zh_CN"):
        for command in [[], ["--help"], *[c.split() + ["--help"] for c in COMMANDS]]:
            text = jchain(*command, "--lang", language).stdout.decode()
            assert not re.search(r"--package|--at\b|--courts|jchain (court|package|renew|report|node)\b", text)
    for words in (["verify", "--package", "p.asice"], ["verify", "--at", "2026-01-01", "x"], ["demo", "d", "--courts", "4"], ["court", "list"], ["demo", "up", "d"]):
        done = jchain(*words, "--json")
        assert done.returncode == 64 and document(done)["error"]["reason"] in ("not_in_this_version", "usage"), words


@pytest.mark.parametrize("words", [["fiel"], ["case"], ["--json"], ["case", "lst"], ["file"], ["file", "--case", CASE], ["file", "x", "--case"], ["file", "--case", "--json", "x"], ["audit", "--dep"],
                                   ["audit", "--deep=no"], ["verify"], ["verify", "--digest", "12"], ["status", "extra"], ["status", "--lang", "fr"], ["receipt", "extract", "x.jcr"],
                                   ["file", "x", "--case", CASE, "--wait", "soon"], ["audit", "--trust", "t.jct"], ["verify", "x"]])
def test_mistakes_are_64_and_say_what_to_type(words, tmp_path):
    for language in ("en", "zh_CN"):
        done = jchain("--lang", language, *words, cwd=tmp_path)
        assert done.returncode == 64, (words, done.stdout, done.stderr)
        said = done.stderr.decode() or document(done)["error"]["message"]
        assert re.search(r"jchain|--[a-z]", said), said
    as_json = jchain("--json", *words, cwd=tmp_path)
    assert as_json.returncode == 64
    validate("error", document(as_json))


def test_one_document_also_for_errors(court, tmp_path):
    for words, code in ((["receipt", "show", tmp_path / "none"], 66), (["case", "show", "（2021）辽06民初999号"], 66), (["verify", "--trust", tmp_path / "t", "x"], 66)):
        done = court.run("--json", *words)
        assert done.returncode == code, (words, done.stdout)
        validate("error", document(done))
    done = jchain("--json", "status", "--workspace", tmp_path / "nothing")
    assert done.returncode == 66
    validate("error", document(done))


def test_languages(filed):
    chinese = filed.run("status", env={"LANG": "zh_CN.UTF-8"})
    english = filed.run("status", env={"LANG": "de_DE.UTF-8"})
    assert "一切就绪" in chinese.stdout.decode() and "Ready" in english.stdout.decode()
    assert "Ready" in filed.run("status", env={"LANG": "zh_CN.UTF-8", "JC_LANG": "en"}).stdout.decode()
    assert "Ready" in filed.run("status", "--lang", "en", env={"LC_ALL": "zh_CN.UTF-8"}).stdout.decode()
    # Numbers and times are the same everywhere.
    same = [filed.run("case", "list", "--json", env=e).stdout for e in ({"LC_ALL": "de_DE.UTF-8"}, {"LC_ALL": "C"}, {"LC_ALL": "zh_CN.GB18030"})]
    assert same[0] == same[1] == same[2]


def test_workspace_is_found(filed, tmp_path):
    assert jchain("status", cwd=filed.dir).returncode == 0
    assert jchain("status", cwd=tmp_path, env={"JC_WORKSPACE": str(filed.dir)}).returncode == 0
    assert jchain("status", "--workspace", filed.dir, cwd=tmp_path, env={"JC_WORKSPACE": "/nonexistent"}).returncode == 0
    assert jchain("status", cwd=tmp_path).returncode == 64


def test_a_closed_pipe_or_a_full_disk_is_noticed(filed):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([program(), "--workspace", str(filed.dir), "status"], stdout=full, stderr=subprocess.PIPE, env=environment())
    assert done.returncode == 73
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([program(), "--workspace", str(filed.dir), "status"], stdout=writer, stderr=subprocess.PIPE, env=environment())
    os.close(writer)
    assert done.returncode == 73


def test_no_progress_and_no_questions_in_a_pipe(court, tmp_path):
    path = tmp_path / "big"
    path.write_bytes(os.urandom(1 << 20) * 30)
    done = court.run("file", "--case", CASE, path)
    assert done.returncode == 0 and done.stderr == b"" and b"\x1b" not in done.stdout and b"\r" not in done.stdout


@pytest.fixture
def locked_away(court, tmp_path):
    """The clerk's identity outside the demonstration, so that its PIN is needed."""
    identity = tmp_path / "clerk.p12"
    shutil.copy(court.identity("clerk"), identity)
    path = tmp_path / "a.txt"
    path.write_text("pin")
    return [program(), "--workspace", str(court.dir), "--as", str(identity), "file", "--case", CASE, str(path)], court.pin


def test_pins(locked_away, tmp_path):
    words, pin = locked_away

    def run(*more, **env):
        return subprocess.run([*words, *map(str, more)], stdin=subprocess.DEVNULL, capture_output=True, env=environment(**env), timeout=60)

    none = run("--json")
    assert none.returncode == 77 and document(none)["error"]["code"] == "identity"
    wrong = run("--json", JC_PIN="not the pin")
    assert wrong.returncode == 77 and document(wrong)["error"]["reason"] == "wrong_pin" and b"not the pin" not in wrong.stdout + wrong.stderr
    (tmp_path / "pin").write_text(pin + "\n")
    assert run("--pin-file", tmp_path / "pin").returncode == 0
    assert run("--json", "--pin-file", tmp_path / "missing").returncode == 77
    assert run(JC_PIN=pin).returncode == 0
    # The file is asked first.
    assert run("--pin-file", tmp_path / "pin", JC_PIN="wrong").returncode == 0


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, words, **env):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(words[0], words, environment(TERM="xterm", **env))
        self.output = b""

    def until(self, text: bytes, seconds=30):
        end = time.monotonic() + seconds
        while text not in self.output and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    piece = os.read(self.fd, 65536)
                except OSError:
                    break
                if not piece:
                    break
                self.output += piece
        assert text in self.output, self.output

    def type(self, text: bytes):
        os.write(self.fd, text)

    def wait(self, seconds=60) -> int:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    self.output += os.read(self.fd, 65536)
                except OSError:
                    pass
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.rest()
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        raise AssertionError(f"it does not end: {self.output!r}")

    def rest(self):
        while select.select([self.fd], [], [], 0.1)[0]:
            try:
                piece = os.read(self.fd, 65536)
            except OSError:
                return
            if not piece:
                return
            self.output += piece


def echoes(fd) -> bool:
    import termios
    return bool(termios.tcgetattr(fd)[3] & termios.ECHO)


def test_the_pin_is_asked_without_echo(locked_away):
    words, pin = locked_away
    t = Terminal(words)
    t.until(b"PIN of clerk.p12: ")
    assert not echoes(t.fd)
    t.type(pin.encode() + b"\n")
    assert t.wait() == 0
    assert pin.encode() not in t.output


def test_ctrl_c_at_the_prompt_gives_the_terminal_back(locked_away):
    words, _ = locked_away
    t = Terminal(["/bin/sh", "-c", '"$@"; echo "code $?"; read line', "sh", *words])
    t.until(b"PIN of clerk.p12: ")
    assert not echoes(t.fd)
    os.kill(int(subprocess.run(["pgrep", "-P", str(t.pid)], capture_output=True, text=True).stdout.split()[0]), signal.SIGINT)
    t.until(b"code 130")
    assert echoes(t.fd)
    t.type(b"\n")
    t.wait()


def test_progress_on_a_terminal(court, tmp_path):
    path = tmp_path / "big"
    with open(path, "wb") as f:
        f.truncate(600 << 20)
    t = Terminal([program(), "--workspace", str(court.dir), "file", "--no-seal", "--case", CASE, str(path)])
    assert t.wait() == 0
    lines = [l for l in t.output.split(b"\r") if b"Hashing" in l]
    assert lines and any(b"%" in l for l in lines) and any(b"MB/s" in l for l in lines)


def test_ctrl_c_stops_cleanly(court, tmp_path):
    path = tmp_path / "big"
    with open(path, "wb") as f:
        f.truncate(20 << 30)
    before = court.json("status", "status")
    p = subprocess.Popen([program(), "--workspace", str(court.dir), "--json", "file", "--no-seal", "--case", CASE, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    time.sleep(1.0)
    began = time.monotonic()
    p.send_signal(signal.SIGINT)
    out, _ = p.communicate(timeout=20)
    assert p.returncode == 130 and time.monotonic() - began < 3
    assert json.loads(out)["error"]["code"] == "cancelled"
    after = court.json("status", "status")
    assert after["filings"] == before["filings"] and after["pending"] == []
    small = tmp_path / "small"
    small.write_text("afterwards")
    court.file(small)


def test_a_small_verify_is_quick(filed):
    words = ["verify", "--trust", filed.trust, "--receipt", filed.items[0]["receipt"], filed.files[0]]
    best = 9.0
    for _ in range(10):
        began = time.monotonic()
        assert jchain(*words).returncode == 0
        best = min(best, time.monotonic() - began)
    assert best < 0.25  # 60 ms on a machine of its own


def test_nothing_of_qt_is_linked():
    assert "Qt" not in subprocess.run(["ldd", program()], capture_output=True, text=True).stdout


def test_the_reference_has_every_command_as_it_is():
    from conftest import REFERENCE
    reference = (REFERENCE / "cli.md").read_text("utf-8")
    for command in COMMANDS:
        text = jchain(*command.split(), "--help", "--lang", "en").stdout.decode()
        usage = re.search(r"^Usage: (.*)$", text, re.M).group(1)
        assert f"```\n{usage}\n```" in reference, usage
        for option in re.findall(r"^  (--[a-z0-9-]+)", text.split("Options of every command")[0], re.M):
            assert f"| `{option}" in reference, option
    for schema in REFERENCE.glob("*.schema.json"):
        if schema.name not in ("receipt.schema.json", "trust-set.schema.json"):
            assert f"({schema.name})" in reference, schema.name
