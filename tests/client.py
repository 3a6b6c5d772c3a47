"""Talks WSGI to an appliance in the same process, as a person with a token or as a stranger."""

import io
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def detail(self) -> Any:
        return self.json["detail"]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Client:
    """Somebody who calls the appliance."""

    def __init__(self, app: Any, token: str = "", address: str = "127.0.0.1", **row: Any) -> None:
        self.app, self.token, self.address = app, token, address
        self.id, self.login, self.password = row.get("id"), row.get("login", ""), row.get("password", "")

    def get(self, path: str, /, **query: Any) -> Answer:
        return self.call("GET", path, query=query)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.call("POST", path, body={} if body is None else body, headers=headers)

    def put(self, path: str, body: Any = None) -> Answer:
        return self.call("PUT", path, body={} if body is None else body)

    def delete(self, path: str) -> Answer:
        return self.call("DELETE", path)

    def call(
        self, method: str, path: str, *, query: Any = None, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        path, _, inline = path.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path.encode().decode("latin-1"),
            "QUERY_STRING": "&".join(part for part in (inline, urlencode(query or {})) if part),
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "HTTP_HOST": "localhost",
            "REMOTE_ADDR": self.address,
            "CONTENT_LENGTH": str(len(raw)),
            "CONTENT_TYPE": "application/json",
            "wsgi.input": io.BytesIO(raw),
            "wsgi.url_scheme": "http",
        }
        if self.token:
            environ["HTTP_AUTHORIZATION"] = self.token
        for name, value in (headers or {}).items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        seen: list[Any] = []
        chunks = self.app.wsgi(environ, lambda status, headers, exc_info=None: seen.extend([status, headers]))
        return Answer(int(seen[0].split()[0]), seen[1], b"".join(chunks))
