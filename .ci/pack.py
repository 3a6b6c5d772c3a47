"""Packs folders of Python packages into the one-file executable, the same bytes for the same input.

`pack.py prepare FOLDER` drops what does not run and compiles the rest; `pack.py pack TARGET FOLDER...` makes the file.
"""

import compileall
import os
import py_compile
import shutil
import subprocess
import sys
import zipfile
from json import loads
from pathlib import Path

ENTRY_POINT = "appliance.__main__:main"
ROOT = "~/.cache/appliance"
# Sources of extension modules, type stubs, and the installer's notes, which tell paths of the building machine.
NEEDLESS_FILES = ("*.pyx", "*.pxd", "*.pxi", "*.c", "*.h", "*.cpp", "*.pyi", "RECORD", "INSTALLER", "REQUESTED")
NEEDLESS_FOLDERS = ("tests", "testing", "bin", "__pycache__")
# What nothing here imports: the mapper and other databases of SQLAlchemy, loops and resolvers of gevent that are not
# the default, the compilers behind cffi, what paramiko runs local commands with.
NEEDLESS_PACKAGES = (
    *("sqlalchemy/orm", "sqlalchemy/ext/asyncio", "sqlalchemy/ext/declarative"),
    *("sqlalchemy/dialects/mysql", "sqlalchemy/dialects/oracle", "sqlalchemy/dialects/mssql"),
    *("gevent/libuv", "gevent/resolver/cares*.so", "gevent/libev/_corecffi*.so", "cffi", "pycparser", "invoke"),
)
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a zip file can say


def prepare(folder: Path) -> None:
    for name in NEEDLESS_FOLDERS:
        for path in list(folder.rglob(name)):
            shutil.rmtree(path, ignore_errors=True)
    for pattern in NEEDLESS_PACKAGES:
        for path in folder.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for pattern in NEEDLESS_FILES:
        for path in list(folder.rglob(pattern)):
            path.unlink()
    compile_sources(folder)


def compile_sources(folder: Path) -> None:
    """Compile one after the other: what a .pyc holds depends a little on what its process compiled before."""
    unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
    if not compileall.compile_dir(folder, quiet=1, stripdir=folder, invalidation_mode=unchecked, maxlevels=99):
        sys.exit(f"{folder} holds a file that Python cannot compile.")


def pack(target: Path, folders: list[Path]) -> None:
    plain, temporary = target.with_suffix(".shiv"), target.with_suffix(".part")
    sources = [f"--site-packages={folder}" for folder in folders]
    shiv = [sys.executable, "-m", "shiv", "--reproducible", f"--entry-point={ENTRY_POINT}", f"--root={ROOT}"]
    subprocess.run([*shiv, *sources, f"--output-file={plain}"], check=True)  # noqa: S603 - our own arguments
    seal(plain, temporary, folders)
    plain.unlink()
    temporary.chmod(0o755)
    temporary.replace(target)


def seal(plain: Path, target: Path, folders: list[Path]) -> None:
    """Rewrite shiv's archive with the compiled files it leaves out and our own first lines."""
    entries = {}
    with zipfile.ZipFile(plain) as archive:
        entries.update({name: archive.read(name) for name in archive.namelist()})
    entries.update(compiled_bootstrap(entries, target.parent))
    for folder in folders:
        found = folder.rglob("*.pyc")
        entries.update({f"site-packages/{path.relative_to(folder)}": path.read_bytes() for path in found})
    entries["__main__.py"] = launcher(loads(entries["environment.json"])["build_id"])
    write(target, entries)


def compiled_bootstrap(entries: dict[str, bytes], scratch: Path) -> dict[str, bytes]:
    """Shiv's own start, compiled: from inside a zip file Python would compile it at every start."""
    unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compiled = {}
    source, result = scratch / "bootstrap.py", scratch / "bootstrap.pyc"
    for name in [name for name in entries if name.startswith("_bootstrap/") and name.endswith(".py")]:
        source.write_bytes(entries[name])
        py_compile.compile(str(source), str(result), dfile=name, doraise=True, invalidation_mode=unchecked)
        compiled[f"{name}c"] = result.read_bytes()
    source.unlink()
    result.unlink()
    return compiled


def launcher(build: str) -> bytes:
    text = (Path(__file__).parent / "launch.py").read_text()
    values = {"@BUILD@": build, "@PROCESSOR@": os.uname().machine, "@ROOT@": ROOT}
    for name, value in values.items():
        text = text.replace(name, value)
    return text.encode()


def write(target: Path, entries: dict[str, bytes]) -> None:
    with target.open("wb") as file:
        file.write(b"#!/usr/bin/env python3.11\n")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name in sorted(entries):
                info = zipfile.ZipInfo(name, EPOCH)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o100644 << 16  # whatever the umask of the building machine
                archive.writestr(info, entries[name], compresslevel=9)


if __name__ == "__main__":
    verb, first, *others = sys.argv[1:]
    if verb == "prepare":
        prepare(Path(first))
    else:
        pack(Path(first), [Path(folder) for folder in others])
