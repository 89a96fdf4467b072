from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from folder import Projected  # noqa: E402
from pki import Authority  # noqa: E402


@pytest.fixture(scope="session")
def root() -> Authority:
    return Authority("root one")


@pytest.fixture(scope="session")
def other_root() -> Authority:
    return Authority("root two")


@pytest.fixture()
def folder(tmp_path: Path) -> Projected:
    return Projected(tmp_path / "certs")


@pytest.fixture()
def peer_folder(tmp_path: Path) -> Projected:
    return Projected(tmp_path / "peer")
