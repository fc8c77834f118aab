# SPDX-License-Identifier: Apache-2.0
"""Programs that we did not write, built once a run, and a demonstration court whose output they judge.

A missing tool or program is a failure, never a skip: interoperation that was not tried is not known.
"""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
OUT = ROOT / "build" / "interop"
VECTORS = ROOT / "tests" / "vectors"


def run(*args, cwd=None, timeout=120, env=None) -> subprocess.CompletedProcess:
    return subprocess.run([str(a) for a in args], cwd=cwd, timeout=timeout, capture_output=True, text=True,
                          env=None if env is None else {**os.environ, **env})


def must(*args, **kwargs) -> str:
    done = run(*args, **kwargs)
    assert done.returncode == 0, f"{' '.join(map(str, args))}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def go_programs() -> pathlib.Path:
    """logcheck (x/mod alone) and Tessera's fsck, at the versions of go.mod and go.sum."""
    out = OUT / "bin"
    out.mkdir(parents=True, exist_ok=True)
    go = os.environ.get("JC_GO", "go")
    env = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false", "CGO_ENABLED": "0"}
    must(go, "build", "-o", out / "logcheck", ".", cwd=HERE / "go", timeout=1800, env=env)
    must(go, "build", "-o", out / "fsck", "github.com/transparency-dev/tessera/cmd/fsck", cwd=HERE / "go", timeout=1800, env=env)
    return out


@pytest.fixture(scope="session")
def evidence_record_check() -> list[str]:
    """The command that judges an evidence record with BouncyCastle."""
    out = OUT / "java"
    must("mvn", "-q", "-B", "-C", "-f", HERE / "java" / "pom.xml", f"-Djc.out={out}", "compile", timeout=1800)
    return ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", f"{out / 'classes'}:{out / 'lib'}/*", "EvidenceRecordCheck"]


@pytest.fixture(scope="session")
def jchain() -> str:
    """The command line under test: JC_BIN/jchain, by default that of the build for continuous integration."""
    program = pathlib.Path(os.environ.get("JC_BIN", ROOT / "build" / "ci" / "bin")) / "jchain"
    assert program.is_file(), f"{program.name} is not built in {program.parent}"
    return str(program)


class Court:
    """A demonstration court with one batch of five files and one file alone."""

    def __init__(self, program: str, folder: pathlib.Path) -> None:
        self.program = program
        self.workspace = folder / "court"
        self.evidence = folder / "evidence"
        must(program, "demo", self.workspace, timeout=300)
        self.evidence.mkdir()
        names = ["合同（扫描件）.pdf", "聊天记录 2021-05-06.txt", "it's \"quoted\".txt", "-dash.bin", "现场照片.png"]
        for i, name in enumerate(names):
            (self.evidence / name).write_bytes(f"evidence {i}: 证据\n".encode() * (i + 1))
        self.alone = folder / "单独.txt"
        self.alone.write_bytes(b"one file alone\n")
        self.case = "（2021）辽06民初123号"
        self.batch = self.file(self.evidence)
        self.earlier = folder / "earlier"
        self.export(self.earlier)
        self.single = self.file(self.alone)
        self.log = folder / "log"
        self.export(self.log)

    def jchain(self, *args, timeout=300) -> subprocess.CompletedProcess:
        return run(self.program, "--workspace", self.workspace, *args, timeout=timeout, env={"JC_PIN": (self.workspace / "identities" / "PIN").read_text().strip()})

    def file(self, path: pathlib.Path) -> list[dict]:
        done = self.jchain("--json", "--yes", "file", "--case", self.case, "--wait", "60", path)
        assert done.returncode == 0, done.stdout + done.stderr
        items = json.loads(done.stdout)["items"]
        assert items and all(item["state"] == "anchored" and item["receipt"] for item in items), items
        return items

    def export(self, folder: pathlib.Path) -> None:
        done = self.jchain("log", "export", folder)
        assert done.returncode == 0, done.stdout + done.stderr

    def extract(self, item: dict, folder: pathlib.Path) -> pathlib.Path:
        done = self.jchain("receipt", "extract", item["receipt"], "--to", folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return folder


@pytest.fixture(scope="session")
def court(jchain, tmp_path_factory) -> Court:
    return Court(jchain, tmp_path_factory.mktemp("interop"))


@pytest.fixture
def log_copy(court, tmp_path) -> pathlib.Path:
    """A copy of the exported log that a test may damage."""
    return pathlib.Path(shutil.copytree(court.log, tmp_path / "log"))


def flip(path: pathlib.Path, at: int = -1) -> None:
    """Changes one bit."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(data))
