"""What comes before a new password is written: proof of the old one, rules, history, hashing. Opens transactions."""

from appliance.domain import guard, password_history, passwords, signing_in, users
from appliance.domain.access import Actor
from appliance.errors import Invalid
from appliance.store import Store

OLD_WRONG = "密码错误"
SAME = "新旧密码不能相同"


def of_oneself(store: Store, actor: Actor, *, old: str, password: str, full: bool = False) -> str:
    """The hash of the actor's own new password, once he has shown the old one."""
    assert actor.user is not None
    prove(store, actor, old)
    if password == old:
        raise Invalid(password=SAME)
    with store.reading(actor) as tx:
        users.check_password(tx, password, actor.user.login, full=full)
    return fresh(store, actor.user.id, password)


def prove(store: Store, actor: Actor, password: str) -> None:
    """See that the actor knows his password; a wrong one counts like one at sign-in, and a locked account fails."""
    user = actor.user
    assert user is not None
    with store.reading(actor) as tx:
        signing_in.refuse_blocked(tx)
    right = signing_in.compare(actor.address, password, user.password_hash)
    with store.writing(actor) as tx:
        if right and not guard.locked(tx, user.login_key):
            return
        guard.fail(tx, user.login_key, actor.address, user.id)
    raise Invalid(old=OLD_WRONG)


def fresh(store: Store, user_id: int, password: str) -> str:
    """The hash of a password that is none of the user's last five."""
    with store.reading() as tx:
        past = password_history.past(tx, user_id)
    if passwords.is_one_of(password, past):
        raise Invalid(password=passwords.REUSED)
    return passwords.hash_password(password)
