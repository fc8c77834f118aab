# SPDX-License-Identifier: Apache-2.0
"""What the fault tests share: the program, a demonstration court, and ways to break things."""
import base64
import contextlib
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASE = "（2021）辽06民初123号"
EXTENDED = bool(os.environ.get("JC_EXTENDED"))
IS_ROOT = os.geteuid() == 0
NOBODY = 65534


def program() -> str:
    """JCHAIN, else JC_BIN/jchain, else the build for continuous integration."""
    named = os.environ.get("JCHAIN")
    path = pathlib.Path(named) if named else pathlib.Path(os.environ.get("JC_BIN", ROOT / "build" / "ci" / "bin")) / "jchain"
    assert path.is_file(), f"{path} is not built"
    return str(path)


class Done:
    """A finished run: exit code, standard output as bytes, and the JSON document in it."""

    def __init__(self, args, code: int, out: bytes, err: bytes) -> None:
        self.args, self.code, self.out, self.err = args, code, out, err

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self) -> str:
        return f"{[os.fsdecode(a) for a in self.args]}\nexit {self.code}\n{self.out.decode(errors='replace')}\n{self.err.decode(errors='replace')}"


def clean_environment(extra=None) -> dict:
    env = {k: v for k, v in os.environ.items() if not k.startswith("JC_")}
    return {**env, "LC_ALL": "C.UTF-8", "TZ": "UTC", **(extra or {})}


def run(*args, cwd=None, env=None, timeout=120, wrap=()) -> Done:
    line = [*wrap, program(), *args]
    # A group of its own, so that what a wrapper has started ends with it.
    process = subprocess.Popen(line, cwd=cwd, env=clean_environment(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, start_new_session=True)
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    done = Done(line, process.returncode, out, err)
    assert done.code not in (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, 70, 134, 139), done
    return done


def start(*args, env=None, wrap=(), out=subprocess.DEVNULL) -> subprocess.Popen:
    return subprocess.Popen([*wrap, program(), *args], env=clean_environment(env), stdin=subprocess.DEVNULL, stdout=out, stderr=out)


@contextlib.contextmanager
def running(process: subprocess.Popen):
    """Whatever happens inside, this very process is gone afterwards."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


def until(condition, seconds=10.0, pause=0.01):
    """Polls; the condition's value when it holds."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(pause)


def faketime(shift: str) -> tuple:
    """Wraps a program so that it sees another time, as in '-1d' or '+4y'."""
    assert shutil.which("faketime"), "the package faketime is missing"
    return ("faketime", "--exclude-monotonic", "-f", shift)


def as_nobody() -> tuple:
    return ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


class Court:
    """A workspace and everything one does with it."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.dir = pathlib.Path(folder)

    def __call__(self, *args, **kwargs) -> Done:
        return run("--workspace", self.dir, "--json", *args, **kwargs)

    def person(self, name: str) -> pathlib.Path:
        return self.dir / "identities" / f"{name}.p12"

    def acting(self, name: str, *args, **kwargs) -> Done:
        return self("--as", self.person(name), *args, **kwargs)

    def file(self, *paths, case=CASE, **kwargs) -> Done:
        return self("file", "--case", case, *paths, **kwargs)

    def filed(self, *paths, **kwargs):
        """Files and expects everything to be anchored; the JSON document."""
        done = self.file(*paths, **kwargs)
        assert done.code == 0, done
        return done.json

    def verify(self, *paths, **kwargs) -> Done:
        return self("verify", *paths, **kwargs)

    def status(self):
        done = self("status")
        assert done.code == 0, done
        return done.json

    def pending(self):
        return self.status()["pending"]

    def items(self, case=CASE):
        done = self("case", "show", case)
        assert done.code in (0, 66), done
        return done.json["items"] if done.code == 0 else []

    def events(self, kind=None):
        done = self("custody", "log")
        assert done.code == 0, done
        events = done.json["events"]
        return [e for e in events if kind is None or e["event"] == kind] if events else []

    def audit(self) -> Done:
        return self("audit", "--deep")

    def sound(self) -> None:
        done = self.audit()
        assert done.code == 0 and done.json["sound"] is True and done.json["findings"] == [], done

    @property
    def trust(self) -> pathlib.Path:
        return self.dir / "trust.jct"

    @property
    def ledger_file(self) -> pathlib.Path:
        return self.dir / "ledger" / "ledger.sqlite"

    @property
    def archive_file(self) -> pathlib.Path:
        return self.dir / "archive" / "archive.sqlite"

    def copy_to(self, folder: pathlib.Path) -> "Court":
        """Only between runs: then nothing of it is being written."""
        shutil.copytree(self.dir, folder, symlinks=True)
        return Court(folder)


def read_rows(file: pathlib.Path, sql: str, *values):
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        return db.execute(sql, values).fetchall()


def vandalise(file: pathlib.Path, *statements) -> None:
    """Edits a database as somebody with the disk in hand would: the triggers that forbid it are dropped and made again."""
    with contextlib.closing(sqlite3.connect(file)) as db:
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type='trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            if isinstance(statement, str):
                statement = (statement, ())
            db.execute(*statement)
        for _, sql in triggers:
            db.execute(sql)
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def leftovers(*folders) -> list:
    """Temporary files that a finished program has no business leaving."""
    found = []
    for folder in folders:
        for base, names, files in os.walk(folder):
            for name in names + files:
                if re.match(r"\.jc-tmp-|\.backup$", name) or re.search(r"\.making-\d+$|\.part$", name):
                    found.append(os.path.join(base, name))
            if os.path.basename(base) == "tmp" and os.path.basename(os.path.dirname(base)) == "vault":
                found += [os.path.join(base, name) for name in names + files]
    return found


def raw_path(item) -> bytes:
    """The exact bytes of a path in a JSON document."""
    return base64.b64decode(item["pathBytes"]) if "pathBytes" in item else item["path"].encode()


def by_path(document) -> dict:
    return {raw_path(i): i for i in document["items"]}


def checks(result) -> dict:
    return {c["id"]: (c["outcome"], c["reason"]) for c in result["checks"]}


def receipts_valid(trust: pathlib.Path, pairs) -> None:
    """Every (file, receipt) is consistent for somebody who has the trust set and nothing else."""
    pairs = list(pairs)
    assert pairs
    args = []
    for _, receipt in pairs:
        args += ["--receipt", receipt]
    done = run("--json", "verify", "--trust", trust, *args, *[f for f, _ in pairs])
    assert done.code == 0 and done.json["summary"]["consistent"] == len(pairs), done


def utc(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def shifted(text: str, seconds: float) -> str:
    return (utc(text) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
