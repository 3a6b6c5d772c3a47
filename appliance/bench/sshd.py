"""A throw-away OpenSSH server on loopback: what the terminal bench connects to."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from appliance.bench.processes import child
from appliance.bench.report import Unable

PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/local/sbin"])
CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
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
"""


class Target:
    """A running server, and how to get in."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port, self.login = port, getpass.getuser()
        self.key = folder / "user"

    @property
    def command(self) -> list[str]:
        """OpenSSH's own client with a terminal, untouched by anybody's configuration."""
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes", "LogLevel=ERROR"]
        flags = [part for option in options for part in ("-o", option)]
        return [
            "ssh",
            "-tt",
            "-F",
            "none",
            *flags,
            "-i",
            str(self.key),
            "-p",
            str(self.port),
            f"{self.login}@127.0.0.1",
        ]


@contextmanager
def target(folder: Path) -> Iterator[Target]:
    """A server with its own keys, for as long as the block lasts."""
    program = shutil.which("sshd", path=PLACES)
    if not program or not shutil.which("ssh") or not shutil.which("ssh-keygen"):
        raise Unable("needs OpenSSH: sshd, ssh and ssh-keygen (Debian: apt-get install openssh-server)")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd as root will not start without
    port = free_port()
    (folder / "config").write_text(CONFIG.format(folder=folder, port=port))
    with child([program, "-D", "-e", "-f", str(folder / "config")], folder):
        wait_for(port, folder)
        yield Target(folder, port)


def free_port() -> int:
    """A port nobody listens on just now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, folder: Path) -> None:
    """Until the server answers."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise Unable("sshd does not start: " + (folder / "errors.log").read_text()[-500:])
