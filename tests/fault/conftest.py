# SPDX-License-Identifier: Apache-2.0
"""Faults are made with real processes, files and disks. The program under test: JCHAIN, else JC_BIN/jchain, else build/ci/bin/jchain."""
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from authority import Pki  # noqa: E402
from faults import Court, run  # noqa: E402


@pytest.fixture(scope="session")
def fresh_court(tmp_path_factory) -> Court:
    """Made once; copied for every test that wants one."""
    folder = tmp_path_factory.mktemp("template") / "court"
    done = run("demo", folder)
    assert done.code == 0, done
    return Court(folder)


@pytest.fixture
def court(fresh_court, tmp_path) -> Court:
    return fresh_court.copy_to(tmp_path / "court")


@pytest.fixture
def evidence(tmp_path) -> pathlib.Path:
    folder = tmp_path / "evidence"
    folder.mkdir()
    return folder


@pytest.fixture
def world_open_tmp():
    """A folder that another user reaches: pytest's own are for this user alone."""
    with tempfile.TemporaryDirectory(prefix="jc-fault-") as folder:
        path = pathlib.Path(folder)
        path.chmod(0o755)
        yield path


@pytest.fixture(scope="session")
def pki(tmp_path_factory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki") / "court")


@pytest.fixture
def fast_tmp(tmp_path):
    """In memory where there is room: what a kill leaves behind does not depend on the disk, and many rounds should not wait for one."""
    memory = pathlib.Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 1 << 30:
        with tempfile.TemporaryDirectory(prefix="jc-fault-", dir=memory) as folder:
            yield pathlib.Path(folder)
    else:
        yield tmp_path
