"""The door of the terminals: who asks, and may he; then his visit (ptpb 9, checks 1 to 8)."""

from collections.abc import Mapping

from appliance import logs
from appliance.domain import admissions, audit, host_keys, sessions, tokens
from appliance.domain.access import Actor
from appliance.domain.sessions import Admission
from appliance.errors import Missing, Problem, Unknown
from appliance.store import Row, Store
from appliance.terminal.bridge import Socket, turn_away
from appliance.terminal.recorder import Recorder
from appliance.terminal.registry import Registry
from appliance.terminal.speech import number
from appliance.terminal.visit import Visit

NOBODY = "未登录或Token过期"
REQUIRED = "{}: 该字段是必填项。"
REFUSED = "连接资源{}"
READ_ONLY = "服务不可用"


class Terminals:
    """Opens terminals for WebSockets that were accepted."""

    def __init__(self, store: Store) -> None:
        self.store, self.settings = store, store.settings
        self.registry = Registry(store)
        self.recorder = Recorder(self.settings.data)

    def start(self) -> None:
        """Close what a crash left open."""
        if self.store.read_only:
            return
        with self.store.writing() as tx:
            left = sessions.close_abandoned(tx)
        if left:
            logs.warn("terminal.abandoned", sessions=left)

    def stop(self, seconds: float) -> None:
        """Tell every terminal, and wait for their goodbyes and recordings."""
        self.registry.stop_all(seconds)

    def serve(self, socket: Socket, query: Mapping[str, str], actor: Actor) -> None:
        """One WebSocket from its first check to its goodbye. `actor` is still nobody, from some address."""
        try:
            host_id, voucher_id = self.identify(query, actor)
            row, admission, known = self.enter(actor, host_id, voucher_id)
        except Problem as problem:
            turn_away(socket, problem.sentence or READ_ONLY)
            return
        Visit(self, socket, query, actor, admission, row).run(known)

    def identify(self, query: Mapping[str, str], actor: Actor) -> tuple[int, int]:
        """Checks 1 and 2: make the actor somebody; the ids of the host and the voucher he wants."""
        try:
            if "ticket" in query:
                return self.use_ticket(query["ticket"], actor)
            with self.store.reading(actor) as tx:
                tokens.identify(tx, query.get("token", ""))
        except Unknown:
            raise Unknown(NOBODY) from None
        ids = [number(query.get(f"{name}_id") or query.get(name, "")) for name in ("resource", "voucher")]
        absent = [name for name, ident in zip(("resource_id", "voucher_id"), ids, strict=True) if ident is None]
        if absent:
            raise Missing("\n".join(REQUIRED.format(name) for name in absent))
        return ids[0] or 0, ids[1] or 0

    def use_ticket(self, ticket: str, actor: Actor) -> tuple[int, int]:
        """A ticket is gone once it was shown, whatever comes of it."""
        with self.store.writing(actor) as tx:
            row = admissions.claim(tx, ticket)
        if row is None:
            raise Unknown()
        with self.store.reading(actor) as tx:
            admissions.become(tx, row)
        return row.host_id, row.voucher_id

    def enter(self, actor: Actor, host_id: int, voucher_id: int) -> tuple[Row, Admission, str]:
        """Checks 3 to 8 and the row of the session; the row of a failed one where the checks say so."""
        try:
            with self.store.writing(actor) as tx:
                admission = sessions.admit(tx, host_id=host_id, voucher_id=voucher_id)
                sentence = sessions.obstacle(tx, admission)
                row = sessions.begin(tx, admission, sentence)
                known = host_keys.pinned(tx, host_id)
        except Problem:
            self.note_refusal(actor, host_id)
            raise
        if sentence:
            self.note_refusal(actor, host_id)
            raise Problem(sentence)
        return row, admission, known.kind if known else ""

    def note_refusal(self, actor: Actor, host_id: int) -> None:
        """A refused terminal leaves its line in the log of operations."""
        if not self.store.read_only:
            with self.store.writing(actor) as tx:
                audit.note(tx, REFUSED.format(host_id), succeeded=False)
