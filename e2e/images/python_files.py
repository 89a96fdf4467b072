"""Fills the root of an image with this interpreter, its standard library, shared libraries, and named distributions.

python python_files.py ROOT DISTRIBUTION[EXTRA,…]…    the distributions with all that they require
"""

from __future__ import annotations

import compileall
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import Iterable, Iterator, Set, Tuple

from packaging.requirements import Requirement

# Of the standard library, what no service needs.
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*-packages", "test", "tkinter", "_tkinter*", "idlelib", "ensurepip", "config-*")
VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"


def main(root: Path, wanted: Iterable[str]) -> None:
    # below /usr, whatever it is here: python finds its library beside itself
    library = root / "usr" / "lib" / VERSION
    program = Path(sys.executable).resolve()
    copy(program, root / "usr" / "bin" / VERSION)
    shutil.copytree(sysconfig.get_path("stdlib"), library, ignore=LEFT_OUT)
    packages = library / "site-packages"
    for distribution in closure(wanted):
        for file in distribution.files or []:
            if ".." not in file.parts and "__pycache__" not in file.parts and file.suffix != ".pth":
                copy(Path(str(file.locate())), packages / file)
    binaries = [program, *library.rglob("*.so"), *library.rglob("*.so.*")]
    for path in sorted({library for binary in binaries for library in libraries_of(binary)}):
        # not where it is here, but where the loader looks without being told
        copy(path, root / "usr" / "lib" / "x86_64-linux-gnu" / path.name)
    # by content: the times of an image's files say nothing
    compileall.compile_dir(library, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


def closure(wanted: Iterable[str]) -> Iterator[metadata.Distribution]:
    """The distributions and all that they require here, each once."""
    pending: list[Requirement] = [Requirement(text) for text in wanted]
    seen: Set[Tuple[str, Tuple[str, ...]]] = set()
    given: Set[str] = set()
    while pending:
        requirement = pending.pop()
        key = (normal(requirement.name), tuple(sorted(requirement.extras)))
        if key in seen:
            continue
        seen.add(key)
        distribution = metadata.distribution(requirement.name)
        for text in distribution.requires or []:
            needed = Requirement(text)
            if any(needed.marker is None or needed.marker.evaluate({"extra": extra}) for extra in (*requirement.extras, "")):
                pending.append(needed)
        if key[0] not in given:
            given.add(key[0])
            yield distribution


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def libraries_of(binary: Path) -> list[Path]:
    found = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, check=False).stdout
    return [Path(path) for path in re.findall(r"=> (/\S+)", found)]


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        shutil.copyfile(source.resolve(), target)
        target.chmod(source.stat().st_mode & 0o777 | 0o444)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
