"""A session while it lives: whose it is, where it goes, and the one way it ends."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from gevent.event import Event

POLITE, GOING_AWAY = 1000, 1001

IDLE = "空闲超时,连接已断开"
HOST_GONE = "目标主机断开连接"
STOPPING = "服务正在停止"
UNRECORDED = "录像写入失败,会话已终止"


@dataclass(eq=False)
class Live:
    """One session from its row's beginning to its end; `close` is where every path leads."""

    session_id: int
    user_id: int
    sign_in_id: int
    host_id: int
    voucher_id: int
    address: str
    sentence: str = ""
    code: int = POLITE
    ended: Event = field(default_factory=Event)
    overdue: Callable[[], str | None] = lambda: None
    input_at: float = field(default_factory=monotonic)
    """When something was typed last."""

    @property
    def claims(self) -> dict[str, int]:
        """Whose right to what it stands on."""
        who = {"user_id": self.user_id, "sign_in_id": self.sign_in_id}
        return {**who, "host_id": self.host_id, "voucher_id": self.voucher_id}

    @property
    def over(self) -> bool:
        """Whether it is ending or has ended."""
        return self.ended.is_set()

    def close(self, sentence: str = "", code: int = POLITE) -> None:
        """End it, for a reason the user is told; the first reason counts."""
        if not self.over:
            self.sentence, self.code = sentence, code
            self.ended.set()
