# SPDX-License-Identifier: Apache-2.0
"""The command line as its users meet it: real processes, real files, exact exit codes, output that fits its schema."""
import json
import os
import pathlib
import subprocess

import jsonschema
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
CASE = "（2021）辽06民初123号"


def program() -> str:
    named = os.environ.get("JCHAIN")
    path = pathlib.Path(named) if named else pathlib.Path(os.environ.get("JC_BIN", ROOT / "build" / "ci" / "bin")) / "jchain"
    assert path.is_file(), f"{path.name} is not built in {path.parent}"
    return str(path.resolve())


def environment(**more) -> dict:
    """That of the tests without anything that would steer the program."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("JC_") and k not in ("LANG", "LC_ALL", "LANGUAGE")}
    clean.update(more)
    return clean


def jchain(*args, cwd=None, env=None, stdin=subprocess.DEVNULL, timeout=120, **kwargs) -> subprocess.CompletedProcess:
    """Runs it; arguments may be bytes (file names)."""
    words = [a if isinstance(a, bytes) else str(a) for a in args]
    return subprocess.run([program(), *words], cwd=cwd, env=environment(**(env or {})), stdin=stdin, timeout=timeout, capture_output=True, **kwargs)


def validate(name: str, document) -> None:
    schema = json.loads((REFERENCE / f"{name}.schema.json").read_text("utf-8"))
    jsonschema.validators.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema, cls=jsonschema.validators.Draft202012Validator)


def no_twice(pairs):
    keys = [k for k, _ in pairs]
    assert len(keys) == len(set(keys)), f"a key stands twice: {keys}"
    return dict(pairs)


def document(done: subprocess.CompletedProcess):
    """The one JSON document on standard output."""
    return json.loads(done.stdout.decode("utf-8"), object_pairs_hook=no_twice)


class Court:
    def __init__(self, folder: pathlib.Path) -> None:
        self.dir = folder
        done = jchain("demo", folder, "--json")
        assert done.returncode == 0, done.stderr
        self.made = document(done)

    @property
    def trust(self) -> pathlib.Path:
        return self.dir / "trust.jct"

    def identity(self, name: str) -> pathlib.Path:
        return self.dir / "identities" / f"{name}.p12"

    @property
    def pin(self) -> str:
        return (self.dir / "identities" / "PIN").read_text().strip()

    def run(self, *args, **kwargs) -> subprocess.CompletedProcess:
        return jchain("--workspace", self.dir, *args, **kwargs)

    def json(self, schema: str, *args, code=0, **kwargs):
        done = self.run("--json", *args, **kwargs)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        out = document(done)
        validate(schema, out)
        return out

    def file(self, *paths, code=0, more=()):
        return self.json("file", "file", "--case", CASE, "--wait", "60", *more, "--", *paths, code=code)


@pytest.fixture
def court(tmp_path) -> Court:
    return Court(tmp_path / "court")


@pytest.fixture(scope="session")
def filed(tmp_path_factory):
    """A court with one batch of three files; nothing may change it."""
    folder = tmp_path_factory.mktemp("filed")
    c = Court(folder / "court")
    evidence = folder / "evidence"
    evidence.mkdir()
    c.files = []
    for i, name in enumerate(["合同（扫描件）.pdf", "聊天 记录.txt", "c.bin"]):
        path = evidence / name
        path.write_bytes(f"证据 {i}\n".encode() * (i + 100))
        c.files.append(path)
    c.report = c.file(*c.files)
    c.items = c.report["items"]
    return c
