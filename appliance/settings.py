"""The one table of settings, read from appliance.toml < APPLIANCE_* < flag, with all faults told at once."""

# ruff: noqa: RUF009 -- row() makes the dataclass fields that this rule asks for

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import Field, dataclass, field, fields
from datetime import timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from appliance import kinds
from appliance.hardening import wipe_variable
from appliance.kinds import Address, Network

PREFIX = "APPLIANCE_"
FILE = "appliance.toml"
CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")


class Faults(Exception):
    """Settings that cannot be used, a sentence each."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("; ".join(sentences))
        self.sentences = sentences


def row(kind: Callable[[Any], Any], default: Any, meaning: str, *, secret: bool = False) -> Any:
    """A setting: how it is read, its default as one would write it, its meaning. Secrets come from the environment."""
    told = {"kind": kind, "default": default, "meaning": meaning, "secret": secret}
    if callable(default):
        return field(default_factory=lambda: kind(default()), metadata=told)
    return field(default=kind(default), metadata=told, repr=not secret)


def default_folder() -> str:
    """Root's data lie in /var/lib, anybody else's in the data folder of the desktop standard."""
    if os.geteuid() == 0:
        return "/var/lib/appliance"
    return str(Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share") / "appliance")


@dataclass(frozen=True)
class Settings:
    """What was fixed at start; what changes at run time is an option."""

    data: Path = row(kinds.folder, default_folder, "folder of everything that is kept; made private to its owner")
    listen: Address = row(kinds.address, "127.0.0.1:8080", "address and port; TLS is on unless it is loopback")
    plain_http: bool = row(kinds.switch, False, "no TLS, whatever the address: only behind a proxy that does it")
    tls_certificate: str = row(kinds.text, "", "PEM file with the certificate chain, instead of a self-signed one")
    tls_key: str = row(kinds.text, "", "PEM file with the key of tls_certificate")
    trusted_proxies: tuple[Network, ...] = row(kinds.networks, "", "proxies whose X-Forwarded-For is believed")
    host_names: tuple[str, ...] = row(kinds.names, "", "further names and addresses browsers reach us by")
    allowed_origins: tuple[str, ...] = row(kinds.origins, "", "further web origins that may open terminals")
    access_life: int = row(kinds.whole(60, 31_536_000), 43200, "seconds an access token lives")
    refresh_life: int = row(kinds.whole(60, 31_536_000), 604800, "seconds a refresh token lives")
    refresh_grace: int = row(kinds.whole(0, 31_536_000), 86400, "seconds an expired access token may still be renewed")
    idle_sign_in: int = row(kinds.whole(0, 10_080), 0, "minutes without a request or input that end a sign-in; 0: none")
    absolute_sign_in: int = row(kinds.whole(0, 8_760), 0, "hours that end a sign-in, however often renewed; 0: none")
    mfa_required: str = row(
        kinds.choice("no", "administrators", "everybody"),
        "no",
        "who must have a second factor, whatever roles ask for: no, administrators or everybody",
    )
    password_rules: str = row(kinds.choice("floor", "strict"), "floor", "floor: 8 to 128 characters; strict: mixed too")
    group_depth: int = row(kinds.whole(1, 20), 5, "levels of groups below the top")
    loopback_targets: bool = row(kinds.switch, False, "SSH to loopback and to our own ports is allowed (tests only)")
    recording: bool = row(kinds.switch, True, "terminal sessions are recorded")
    time_zone: str = row(kinds.zone, "Asia/Shanghai", "zone that times are printed in")
    idle_limit: int = row(kinds.whole(0, 10_080), 30, "minutes without input that end a terminal; 0: never")
    session_limit: int = row(kinds.whole(1, 10_000), 50, "live terminals of one user")
    connect_timeout: int = row(kinds.whole(1, 300), 10, "seconds to reach a host")
    open_metrics: bool = row(kinds.switch, False, "/metrics answers without a token")
    log_file: str = row(kinds.text, "", "where log lines go instead of standard error")
    master_key: str = row(
        kinds.text, "", "base64 of the 32 bytes that seal secrets, instead of a key file", secret=True
    )
    admin: str = row(kinds.text, "", "login of the first administrator, made at first start", secret=True)
    admin_password: str = row(kinds.text, "", "and the password", secret=True)

    @property
    def tls(self) -> bool:
        """Whether browsers speak TLS to us directly."""
        return not self.plain_http and (bool(self.tls_certificate) or not self.listen.loopback)

    @property
    def strict_passwords(self) -> bool:
        """Whether the full rules hold at every door."""
        return self.password_rules.startswith("strict")

    @property
    def zone(self) -> tzinfo:
        """The zone times are printed in; the default one is known on machines without zone files too."""
        return CHINA if self.time_zone == CHINA.tzname(None) else ZoneInfo(self.time_zone)


TABLE: tuple[Field[Any], ...] = fields(Settings)


def load(flags: Mapping[str, Any], environ: MutableMapping[str, str] | None = None) -> Settings:
    """The settings, or Faults with everything that is wrong; secrets are taken out of the environment."""
    environ = os.environ if environ is None else environ
    variables = {name: value for name, value in _variables(environ) if value}
    config = flags.get("config") or environ.get(PREFIX + "CONFIG")
    faults: list[str] = []
    chosen = _chosen(flags, variables, _file(config, flags.get("data") or variables.get("data"), faults))
    read = dict(_read(chosen, faults))
    faults += _clashes(read)
    if faults:
        raise Faults(faults)
    return Settings(**read)


def _variables(environ: MutableMapping[str, str]) -> Iterator[tuple[str, str]]:
    """What the environment says. Names it does not know are left alone: container platforms invent some of the like."""
    for setting in TABLE:
        variable = PREFIX + setting.name.upper()
        yield setting.name, environ.get(variable, "")
        if setting.metadata["secret"] and variable in environ:
            wipe_variable(variable)
            del environ[variable]


def _file(config: str | None, data: str | None, faults: list[str]) -> dict[str, tuple[str, Any]]:
    """What the file says: the named one, which must be there, or the one in the data folder, which need not."""
    path = Path(config) if config else Path(data or default_folder()).expanduser() / FILE
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        content = {}
        faults += [f"{path}: there is no such file"] if config else []
    except (OSError, ValueError) as error:
        content = {}
        faults.append(f"{path}: {error}")
    allowed = {setting.name for setting in TABLE if not setting.metadata["secret"]} - (set() if config else {"data"})
    faults += [f"{name} ({path}): there is no such setting here" for name in content if name not in allowed]
    return {name: (f"{name} ({path})", value) for name, value in content.items() if name in allowed}


def _chosen(flags: Mapping[str, Any], variables: Mapping[str, str], file: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    """For every setting that somebody set: who said it last, and what."""
    chosen = dict(file)
    for setting in TABLE:
        name = setting.name
        if name in variables:
            chosen[name] = (PREFIX + name.upper(), variables[name])
        if flags.get(name) is not None and not setting.metadata["secret"]:
            chosen[name] = (flag(name), flags[name])
    return chosen


def _read(chosen: Mapping[str, tuple[str, Any]], faults: list[str]) -> Iterator[tuple[str, Any]]:
    for setting in TABLE:
        if setting.name not in chosen:
            continue
        source, value = chosen[setting.name]
        try:
            yield setting.name, setting.metadata["kind"](value)
        except ValueError as error:
            faults.append(f"{source}: {error}")


def _clashes(read: Mapping[str, Any]) -> list[str]:
    """What each setting alone cannot know."""
    sentences = []
    if bool(read.get("tls_certificate")) != bool(read.get("tls_key")):
        sentences.append("tls_certificate and tls_key go together")
    if read.get("plain_http") and read.get("tls_certificate"):
        sentences.append("plain_http and tls_certificate exclude each other")
    if read.get("admin") and not read.get("admin_password"):
        sentences.append(f"{PREFIX}ADMIN needs {PREFIX}ADMIN_PASSWORD")
    return sentences


def flag(name: str) -> str:
    """A setting's name on the command line."""
    return "--" + name.replace("_", "-")
