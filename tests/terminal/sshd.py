"""A real OpenSSH server on loopback, with its own host keys, made and thrown away by a test run."""

import getpass
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
KINDS = ("ed25519", "ecdsa", "rsa")
SMALL = {"rsa": ["-b", "2048"]}


@dataclass
class Sshd:
    """A running server; `login` may enter by any of its user keys."""

    port: int
    folder: Path
    login: str
    process: subprocess.Popen[bytes]

    def private_key(self, kind: str = "ed25519", passphrase: str = "") -> str:
        """A private key that is let in."""
        return (self.folder / key_name(kind, passphrase)).read_text()

    def fingerprint(self, kind: str = "ed25519") -> str:
        """Of the host's own key, by OpenSSH's own tool."""
        listed = run("ssh-keygen", "-lf", str(self.folder / f"host_{kind}.pub"))
        return listed.split()[1]

    def log(self) -> str:
        """What the server said."""
        return (self.folder / "sshd.log").read_text(errors="replace")

    def __enter__(self) -> "Sshd":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server with all its sessions."""
        children = run("ps", "-o", "pid=", "--ppid", str(self.process.pid), check=False).split()
        self.process.terminate()
        self.process.wait(10)
        for child in children:
            subprocess.run(["kill", child], check=False, stderr=subprocess.DEVNULL)


def start(
    folder: Path, *, keys: Path | None = None, port: int = 0, kinds: tuple[str, ...] = KINDS, extra: str = ""
) -> Sshd:
    """Start a server in `folder`, with the keys of another one where given; `extra` wins over our configuration."""
    if keys:
        shutil.copytree(keys, folder, dirs_exist_ok=True)
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    make_keys(folder)
    port = port or free_port()
    (folder / "home").mkdir(exist_ok=True)
    (folder / "config").write_text(extra + "\n" + config(folder, port, kinds))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    command = [SSHD, "-D", "-f", str(folder / "config"), "-E", str(folder / "sshd.log")]
    server = Sshd(port, folder, getpass.getuser(), subprocess.Popen(command))
    wait_for_port(port, server)
    return server


def config(folder: Path, port: int, kinds: tuple[str, ...]) -> str:
    """Only what a terminal needs, on loopback only; shells begin without the profile of whoever runs the tests."""
    return f"""
Port {port}
ListenAddress 127.0.0.1
{"".join(f"HostKey {folder}/host_{kind}" + chr(10) for kind in kinds)}
SetEnv HOME={folder}/home
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
PrintMotd no
PrintLastLog no
MaxStartups 1000
MaxSessions 1000
LogLevel VERBOSE
"""


def make_keys(folder: Path) -> None:
    """Host keys, and user keys of every kind with and without a passphrase, all of them let in."""
    for kind in KINDS:
        make_key(folder / f"host_{kind}", kind, "")
        for passphrase in ("", "opens it"):
            make_key(folder / key_name(kind, passphrase), kind, passphrase)
    public = [path.read_text() for path in sorted(folder.glob("user_*.pub"))]
    (folder / "authorized_keys").write_text("".join(public))


def make_key(path: Path, kind: str, passphrase: str) -> None:
    """One key pair, once."""
    if not path.exists():
        run("ssh-keygen", "-q", "-t", kind, *SMALL.get(kind, []), "-N", passphrase, "-f", str(path))


def key_name(kind: str, passphrase: str) -> str:
    """The file of a user key."""
    return f"user_{kind}_locked" if passphrase else f"user_{kind}"


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, server: Sshd) -> None:
    """Until it answers."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert server.process.poll() is None, server.log()
        time.sleep(0.02)
    raise AssertionError(server.log())


def run(*command: str, check: bool = True, text: str = "") -> str:
    """The output of a command."""
    return subprocess.run(command, check=check, input=text, capture_output=True, text=True).stdout


@contextmanager
def throwaway_user() -> Iterator[tuple[str, str]]:
    """An account of this machine with a password, for as long as the block lasts (needs root)."""
    login, password = f"term{secrets.token_hex(4)}", secrets.token_urlsafe(12)
    run("useradd", "-m", "-s", "/bin/bash", login)
    try:
        run("chpasswd", text=f"{login}:{password}\n")
        yield login, password
    finally:
        subprocess.run(["pkill", "-KILL", "-u", login], check=False)
        subprocess.run(["userdel", "-rf", login], check=False, capture_output=True)
