"""What the guide tells people to type, run as it stands there."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Dict, Iterator, List, Optional

import pytest
from folder import Projected, policy, until
from pki import Authority, spiffe_id
from serving import bare_context, get, needs_port, served_serial

from sentinel_common.config import mtls_config_from_env
from sentinel_common.errors import MtlsError
from sentinel_common.mtls import close_runtime, create_ssl_context
from sentinel_common.settings import DEFAULT_CA_CERT_PATH, DEFAULT_CERT_PATH, DEFAULT_KEY_PATH

PACKAGE = Path(__file__).resolve().parent.parent
GUIDE = PACKAGE.parents[1].parent / "shared" / "guide.md"
SNIPPETS = Path(__file__).parent / "guide"


def snippet(name: str) -> str:
    return (SNIPPETS / name).read_text(encoding="utf-8")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running(arguments: List[str], folder: Path, environment: Dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MTLS_")}
    log = open(folder / "log", "w+")  # noqa: SIM115 - closed below, with the process
    process = subprocess.Popen(
        arguments, cwd=folder, env={**inherited, "PYTHONPATH": str(PACKAGE), **environment}, stdout=log, stderr=log, text=True
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        log.close()


def paths(folder: Projected) -> Dict[str, str]:
    names = {"MTLS_CERT_PATH": "tls.crt", "MTLS_KEY_PATH": "tls.key", "MTLS_CA_CERT_PATH": "ca.crt", "MTLS_POLICY_PATH": "policy.json"}
    return {name: str(folder.path / file) for name, file in names.items()}


def plain_get(port: int) -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return raw.recv(4096)
    except OSError:
        return b""


@pytest.mark.skipif(not GUIDE.exists(), reason="the guide is not beside this repository; where it is, the snippets are compared with it")
@pytest.mark.parametrize("name", ["uvicorn.py", "variables.sh", "disable.sh", "self-signed.sh"])
def test_the_snippets_here_are_those_of_the_guide_word_for_word(name: str) -> None:
    assert snippet(name).strip() in GUIDE.read_text(encoding="utf-8")


def test_the_snippet_for_uvicorn_serves_mutual_tls_judges_and_rotates(folder: Projected, root: Authority, tmp_path: Path) -> None:
    """Unchanged it passes file paths to uvicorn, which alone would ask for no certificate and read the files once."""
    needs_port(8000)
    first, second = root.issue("api"), root.issue("api")
    folder.write(first, [root], policy(port=8000))
    (tmp_path / "run.py").write_text(
        f"import uvicorn\nfrom fastapi import FastAPI, Request\nfrom sentinel_common.mtls import peer_of\napp = FastAPI()\n"
        f'@app.get("/")\ndef who(request: Request):\n    return peer_of(request).spiffe_id\n{snippet("uvicorn.py")}'
    )
    with running([sys.executable, "run.py"], tmp_path, paths(folder)):
        web = bare_context([root], root.issue("web"))
        assert until(lambda: get(8000, web), 20).endswith(f'"{spiffe_id("web")}"'.encode())
        assert get(8000, bare_context([root])) == b""
        assert get(8000, bare_context([root], root.issue("batch"))) == b""
        assert not plain_get(8000).startswith(b"HTTP")
        folder.write(second, [root], policy(port=8000))
        until(lambda: served_serial(8000, web) == second.serial)


def exports(name: str, folder: Path) -> Dict[str, str]:
    """Runs a snippet in bash, without its last line that serves, and returns what it exported."""
    lines = [line for line in snippet(name).splitlines() if "uvicorn" not in line]
    script = "\n".join(["set -e -a", *lines, "env -0"])
    found = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, check=True).stdout.decode()
    pairs = [entry.partition("=") for entry in found.split("\0") if entry.startswith("MTLS_")]
    return {key: value for key, _sign, value in pairs}


APP = """
from fastapi import FastAPI
from sentinel_common.mtls import create_ssl_context, mtls_config_from_env

app = FastAPI()
mtls_config = mtls_config_from_env()
ssl_context = create_ssl_context(mtls_config, server_side=True)


@app.get("/")
def root():
    return "served"
"""


@contextlib.contextmanager
def guide_service(tmp_path: Path, name: str, environment: Optional[Dict[str, str]] = None) -> Iterator[int]:
    """`python -m uvicorn app.main:app` of a snippet, at its default port."""
    needs_port(8000)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").touch()
    (tmp_path / "app" / "main.py").write_text(textwrap.dedent(APP))
    command = next(line for line in snippet(name).splitlines() if "uvicorn" in line).split()
    assert command[0] == "python"
    with running([sys.executable, *command[1:]], tmp_path, environment if environment is not None else exports(name, tmp_path)):
        yield 8000


def test_option_1_of_local_development_serves_plain_text_and_says_so(tmp_path: Path) -> None:
    with guide_service(tmp_path, "disable.sh") as port:
        assert until(lambda: plain_get(port), 20).startswith(b"HTTP/1.1 200")
        log = (tmp_path / "log").read_text()
    assert "mtls-disabled" in log
    assert "mTLS: DISABLED (not secure for production)" in log


def test_option_2_of_local_development_serves_tls_to_the_holder_of_the_certificate_alone(tmp_path: Path, root: Authority) -> None:
    """The certificate has no names but a common one: a caller that compares host names has to be told the certificate."""
    environment = exports("self-signed.sh", tmp_path)
    assert environment["MTLS_CERT_PATH"] == "/tmp/certs/tls.crt"  # noqa: S108 - the guide's own path
    with guide_service(tmp_path, "self-signed.sh", environment) as port:
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname = False
        client.load_verify_locations(environment["MTLS_CA_CERT_PATH"])
        client.load_cert_chain(environment["MTLS_CERT_PATH"], environment["MTLS_KEY_PATH"])
        assert until(lambda: get(port, client), 20).endswith(b'"served"')
        without = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        without.check_hostname = False
        without.load_verify_locations(environment["MTLS_CA_CERT_PATH"])
        assert get(port, without) == b""
        assert not plain_get(port).startswith(b"HTTP")
        stranger = bare_context([root], root.issue("web"), check_hostname=False)
        stranger.verify_mode = ssl.CERT_NONE
        assert get(port, stranger) == b""


def test_the_environment_variables_and_defaults_are_those_of_the_guide() -> None:
    text = snippet("variables.sh")
    listed = dict(re.findall(r"^(MTLS_\w+)=(\S+)", text, re.MULTILINE))
    assert listed == {
        "MTLS_ENABLED": "true",
        "MTLS_CERT_PATH": DEFAULT_CERT_PATH,
        "MTLS_KEY_PATH": DEFAULT_KEY_PATH,
        "MTLS_CA_CERT_PATH": DEFAULT_CA_CERT_PATH,
    }
    assert mtls_config_from_env(environment=listed) == mtls_config_from_env(environment={})
    elsewhere = mtls_config_from_env(environment={"MTLS_CERT_PATH": "/a", "MTLS_KEY_PATH": "/b", "MTLS_CA_CERT_PATH": "/c"})
    assert [str(path) for path in (elsewhere.cert_path, elsewhere.key_path, elsewhere.ca_cert_path)] == ["/a", "/b", "/c"]
    given = mtls_config_from_env("/x", "/y", "/z", environment=listed)
    assert str(given.cert_path) == "/x"


@pytest.mark.parametrize(
    "environment",
    [{"MTLS_ENABLED": "nope"}, {"MTLS_ENABLED": ""}, {"MTLS_MODE": "off"}, {"MTLS_MODE": "disabled"}, {"MTLS_ENABLED": "tru"}],
)
def test_a_setting_with_another_value_stops_the_start(environment: Dict[str, str]) -> None:
    with pytest.raises(MtlsError, match="setting-invalid"):
        mtls_config_from_env(environment=environment)


def test_missing_files_do_not_fall_back_to_plain_text(tmp_path: Path) -> None:
    """The guide's services caught FileNotFoundError and went on without TLS."""
    from folder import FAST

    config = mtls_config_from_env(tmp_path / "a", tmp_path / "b", tmp_path / "c", timing=FAST, environment={})
    with pytest.raises(MtlsError) as caught:
        create_ssl_context(config, server_side=True)
    assert not isinstance(caught.value, OSError)
    close_runtime(config)


def test_what_was_open_is_refused(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root])
    with pytest.raises(MtlsError, match="verify_client"):
        create_ssl_context(folder.config(policy=False, verify_client=False), server_side=True)
    with pytest.raises(MtlsError, match="verify_server"):
        create_ssl_context(folder.config(policy=False, verify_server=False))
    with pytest.raises(MtlsError, match="authorizer-missing"):
        create_ssl_context(folder.config(policy=False), server_side=True)
    close_runtime(folder.config(policy=False))
    assert create_ssl_context(folder.config(policy=False, enabled=False), server_side=True) is None
