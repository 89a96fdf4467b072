"""The wheel, in an empty environment: what people install is what was tested."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from folder import Projected, policy, until
from pki import Authority, spiffe_id
from serving import bare_context, get, needs_port, served_serial

PACKAGE = Path(__file__).resolve().parent.parent


def build(folder: Path) -> Path:
    """Without isolation: the build tool is the pinned one of this environment."""
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(PACKAGE)],
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_the_wheel_installs_into_an_empty_environment_and_the_example_serves_and_rotates(tmp_path: Path, root: Authority) -> None:
    for port in (8443, 8081):
        needs_port(port)
    wheel = build(tmp_path / "dist")
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = str(environment / "bin" / "python")
    # The versions are those of the lock file, from the cache of pip where it has them.
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    constraints = tmp_path / "constraints.txt"
    frozen = subprocess.run([sys.executable, "-m", "pip", "freeze", "--all"], check=True, capture_output=True, text=True).stdout
    constraints.write_text("".join(f"{line}\n" for line in frozen.splitlines() if "==" in line and not line.startswith("pip=")))
    subprocess.run([*pip, "-c", str(constraints), f"{wheel}[fastapi,httpx]"], check=True, capture_output=True)
    command = [python, "-c", "import sentinel_common; print(sentinel_common.__file__)"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert str(environment) in found.stdout
    folder, calls = Projected(tmp_path / "certs"), [("api", "localhost", 8443)]
    first, second, declared = root.issue("api"), root.issue("api"), policy(allow=("web", "api"), calls=calls)
    folder.write(first, [root], declared)
    names = {"MTLS_CERT_PATH": "tls.crt", "MTLS_KEY_PATH": "tls.key", "MTLS_CA_CERT_PATH": "ca.crt", "MTLS_POLICY_PATH": "policy.json"}
    variables = {**os.environ, **{name: str(folder.path / file) for name, file in names.items()}}
    variables.pop("PYTHONPATH", None)
    log = tmp_path / "log"
    with open(log, "w") as output:
        command = [python, str(PACKAGE / "examples" / "serve.py")]
        process = subprocess.Popen(command, cwd=tmp_path, env=variables, stdout=output, stderr=output)
        try:
            web = bare_context([root], root.issue("web"))
            assert until(lambda: get(8443, web), 30).endswith(f'"{spiffe_id("web")}"'.encode())
            until(lambda: spiffe_id("api") in log.read_text(), 20)
            folder.write(second, [root], declared)
            until(lambda: served_serial(8443, web) == second.serial)
            seen = log.read_text().count(spiffe_id("api"))
            until(lambda: log.read_text().count(spiffe_id("api")) > seen + 3, 20)
            assert "Traceback" not in log.read_text()
        finally:
            process.terminate()
            process.wait(20)


def test_wheel_and_source_hold_the_package_and_nothing_else(tmp_path: Path) -> None:
    wheel = build(tmp_path)
    names = zipfile.ZipFile(wheel).namelist()
    assert "sentinel_common/mtls.py" in names
    assert "sentinel_common/py.typed" in names
    assert {name.split("/")[0] for name in names} == {"sentinel_common", f"{wheel.name.rsplit('-', 3)[0]}.dist-info"}
    (source,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        inside = {name.split("/")[1] for name in archive.getnames() if name.count("/")}
    assert inside <= {"sentinel_common", "README.md", "MIGRATION.md", "pyproject.toml", "PKG-INFO", ".gitignore"}
