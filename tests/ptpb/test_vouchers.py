"""Vouchers: their secrets, their names, their place in the tree (chapter 七)."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from appliance.app import App
from appliance.crypto import BadKey
from appliance.domain import vouchers
from appliance.store import Row
from tests.client import Client
from tests.ptpb.estate import (
    DEFAULT,
    OK,
    SHOP,
    add_group,
    add_host,
    add_voucher,
    edit,
    listed,
    names,
    one,
    remove,
)
from tests.ptpb.people import employ, last_operation, row, rows

ADD = "/api/resource/voucher/add/"
UNSEEN = 999
PASSWORD, PASSPHRASE = "Example-2026.0 ✓", "correct passphrase 7"
ROOT = {"name": "root", "username": "root", "group": SHOP}
EITHER = "password与private_key必须二选一"
BOTH = {"password": [EITHER], "private_key": [EITHER]}
ED25519, RSA = ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048)


def written(key: Any, form: PrivateFormat = PrivateFormat.OpenSSH, passphrase: str = "") -> str:
    """A private key as text."""
    lock = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return str(key.private_bytes(Encoding.PEM, form, lock).decode())


KEY = written(ED25519)


def stored(app: App, ident: int = 1) -> Row:
    return row(app, "vouchers", id=ident)


def opened(app: App, ident: int = 1) -> tuple[str, str | None]:
    """The secret of a voucher, as a terminal opens it."""
    with app.store.reading() as tx:
        return vouchers.open_secret(tx, stored_in(tx, ident))


def stored_in(tx: Any, ident: int) -> Row:
    found: Row = tx.get("vouchers", ident)
    return found


# --- adding -----------------------------------------------------------------------------------------------------------


def test_a_password_is_kept_as_it_is_typed(appliance: App, alice: Client) -> None:
    add_voucher(alice, "root", password=f" {PASSWORD} ")
    assert (opened(appliance), stored(appliance).kind) == ((f" {PASSWORD} ", None), "password")


def test_a_number_as_password_is_its_digits(appliance: App, alice: Client) -> None:
    add_voucher(alice, "root", password=12345678)
    assert opened(appliance) == ("12345678", None)


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        KEY.replace("\n", "\r\n") + "\n\n",
        written(RSA),
        written(RSA, PrivateFormat.TraditionalOpenSSL),
        written(RSA, PrivateFormat.PKCS8),
        written(ec.generate_private_key(ec.SECP256R1())),
        written(ec.generate_private_key(ec.SECP384R1()), PrivateFormat.TraditionalOpenSSL),
        written(ec.generate_private_key(ec.SECP521R1()), PrivateFormat.PKCS8),
    ],
)
def test_a_key_may_be_of_any_kind_and_form_that_ssh_uses(appliance: App, alice: Client, text: str) -> None:
    add_voucher(alice, "root", private_key=text)
    assert (opened(appliance), stored(appliance).kind) == ((text.strip() + "\n", None), "key")


@pytest.mark.parametrize("form", [PrivateFormat.OpenSSH, PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_an_encrypted_key_needs_its_passphrase(appliance: App, alice: Client, form: PrivateFormat) -> None:
    text = written(RSA, form, PASSPHRASE)
    for passphrase, sentence in (
        (None, "私钥已加密,请提供passphrase"),
        ("", "私钥已加密,请提供passphrase"),
        ("x", "无效的私钥"),
    ):
        answer = alice.post(ADD, ROOT | {"private_key": text, "passphrase": passphrase})
        assert (answer.status, answer.detail) == (400, {"private_key": [sentence]})
    add_voucher(alice, "root", private_key=text, passphrase=PASSPHRASE)
    assert opened(appliance) == (text, PASSPHRASE)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n\n-----END OPENSSH PRIVATE KEY-----",
        KEY.replace("A", "B"),
        KEY + KEY,
        written(ed448.Ed448PrivateKey.generate(), PrivateFormat.PKCS8),
        written(ec.generate_private_key(ec.SECP256K1()), PrivateFormat.PKCS8),
        ED25519.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    ],
)
def test_what_is_no_usable_key_is_refused(alice: Client, text: str) -> None:
    answer = alice.post(ADD, ROOT | {"private_key": text})
    assert (answer.status, answer.detail) == (400, {"private_key": ["无效的私钥"]})


def test_a_passphrase_beside_nothing_to_open_is_left_out(appliance: App, alice: Client) -> None:
    add_voucher(alice, "root", password=PASSWORD, passphrase=PASSPHRASE)
    assert opened(appliance) == (PASSWORD, None)


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({}, BOTH),
        ({"password": None, "private_key": ""}, BOTH),
        ({"password": PASSWORD, "private_key": KEY}, BOTH),
        ({"password": PASSWORD, "private_key": "", "group": None}, {"group": ["该字段不能为 null。"]}),
        ({"password": "x" * 1025}, {"password": ["请确保这个字段不能超过 1024 个字符。"]}),
        ({"private_key": "x" * 32769}, {"private_key": ["请确保这个字段不能超过 32768 个字符。"]}),
        ({"password": ["x"]}, {"password": ["不是有效的字符串。"]}),
        ({"password": PASSWORD, "name": "x" * 129}, {"name": ["请确保这个字段不能超过 128 个字符。"]}),
        ({"password": PASSWORD, "username": ""}, {"username": ["该字段不能为空。"]}),
        ({"password": PASSWORD, "username": "x" * 129}, {"username": ["请确保这个字段不能超过 128 个字符。"]}),
        ({"password": PASSWORD, "group": UNSEEN}, {"group": ["所添加至的组不存在"]}),
        ({"password": PASSWORD, "description": "x" * 1001}, {"description": ["请确保这个字段不能超过 1000 个字符。"]}),
    ],
)
def test_every_fault_has_its_sentence(alice: Client, change: Any, faults: Any) -> None:
    answer = alice.post(ADD, ROOT | change)
    assert (answer.status, answer.json) == (400, {"code": 400, "msg": "参数错误", "detail": faults})


def test_all_faults_are_told_at_once(alice: Client) -> None:
    missing = {name: ["该字段是必填项。"] for name in ("name", "username", "group")}
    assert alice.post(ADD, {}).detail == missing | BOTH
    add_voucher(alice, "root")
    faults = alice.post(ADD, ROOT | {"private_key": "x"}).detail
    assert faults == {"name": ["名称已被占用"], "private_key": ["无效的私钥"]}


def test_a_name_is_unique_within_a_system(alice: Client) -> None:
    add_voucher(alice, "root")
    below = add_group(alice, "stock", SHOP)
    assert alice.post(ADD, ROOT | {"group": below, "password": "x"}).detail == {"name": ["名称已被占用"]}
    assert add_voucher(alice, "root", DEFAULT)


def test_what_clients_may_not_set_is_ignored(appliance: App, alice: Client) -> None:
    extra = {"id": 77, "uuid": "x", "kind": "key", "secret": "x", "group_id": DEFAULT, "created_at": "2000-01-01"}
    ident = add_voucher(alice, "root", password=PASSWORD, **extra)
    found = stored(appliance, ident)
    assert (found.id, found.group_id, found.kind, len(found.uuid)) == (1, SHOP, "password", 36)
    assert opened(appliance) == (PASSWORD, None)


def test_adding_takes_the_right_on_the_group(appliance: App, alice: Client, bob: Client, carol: Client) -> None:
    assert add_voucher(bob, "root", add_group(bob, "stock", SHOP))
    hidden = bob.post(ADD, ROOT | {"group": DEFAULT, "password": "x"})
    assert hidden.detail == {"group": ["所添加至的组不存在"]}
    eve = employ(appliance, "eve", "resource.voucher.create", "resource.voucher.read", on=add_group(alice, "lab", SHOP))
    reader = employ(appliance, "reader", "resource.voucher.read", on=SHOP)
    assert eve.post(ADD, ROOT | {"password": "x"}).detail == {"group": ["所添加至的组不存在"]}
    for refused in (reader.post(ADD, ROOT | {"password": "x"}), carol.post(ADD, {})):
        assert (refused.status, refused.detail) == (403, "您无当前权限访问")


# --- changing ---------------------------------------------------------------------------------------------------------


def test_a_secret_that_is_not_given_stays(appliance: App, alice: Client) -> None:
    add_voucher(alice, "root", password=PASSWORD)
    sealed = stored(appliance).secret
    for nothing in ({}, {"password": None, "private_key": None}, {"password": "", "passphrase": "x"}):
        assert edit(alice, "vouchers", id=1, username="admin", description="x", **nothing).json == OK
        assert stored(appliance).secret == sealed
    assert edit(alice, "vouchers", id=1, description=None).json == OK
    assert (one(alice, "vouchers", 1)["username"], one(alice, "vouchers", 1)["description"]) == ("admin", None)


def test_a_secret_replaces_one_of_the_other_kind(appliance: App, alice: Client) -> None:
    add_voucher(alice, "root", private_key=written(RSA, passphrase=PASSPHRASE), passphrase=PASSPHRASE)
    edit(alice, "vouchers", id=1, password=PASSWORD)
    assert (opened(appliance), stored(appliance).kind) == ((PASSWORD, None), "password")
    edit(alice, "vouchers", id=1, private_key=KEY)
    assert (opened(appliance), stored(appliance).kind) == ((KEY, None), "key")


@pytest.mark.parametrize(
    ("changes", "status", "detail"),
    [
        ({"name": "x"}, 400, {"id": ["该字段是必填项。"]}),
        ({"id": UNSEEN, "name": "x"}, 404, "未找到。"),
        ({"id": UNSEEN, "private_key": "x"}, 404, "未找到。"),
        ({"id": 10**25}, 404, "未找到。"),
        ({"id": 1, "name": ""}, 400, {"name": ["该字段不能为空。"]}),
        ({"id": 1, "name": "other"}, 400, {"name": ["名称已被占用"]}),
        ({"id": 1, "username": None}, 400, {"username": ["该字段不能为 null。"]}),
        ({"id": 1, "password": "x", "private_key": "y"}, 400, BOTH),
        (
            {"id": 1, "private_key": "y", "name": "other"},
            400,
            {"name": ["名称已被占用"], "private_key": ["无效的私钥"]},
        ),
        ({"id": 1, "group": UNSEEN}, 400, {"group": ["所添加至的组不存在"]}),
    ],
)
def test_edits_that_cannot_be(appliance: App, alice: Client, changes: Any, status: int, detail: Any) -> None:
    add_voucher(alice, "root")
    add_voucher(alice, "other")
    before = stored(appliance)
    answer = edit(alice, "vouchers", **changes)
    assert (answer.status, answer.detail, stored(appliance)) == (status, detail, before)


def test_a_repeated_name_made_elsewhere_does_not_stand_in_the_way(appliance: App, alice: Client) -> None:
    add_voucher(alice, "root")
    other = add_voucher(alice, "other")
    with appliance.store.writing() as tx:
        tx.change("vouchers", other, name="root")
    assert edit(alice, "vouchers", id=other, name="root", username="admin").json == OK


def test_switching_groups_takes_both_rights_and_a_free_name(appliance: App, alice: Client) -> None:
    lab = add_group(alice, "lab")
    add_voucher(alice, "root")
    add_voucher(alice, "root", lab)
    rights = ("resource.voucher.read", "resource.voucher.update", "resource.voucher.create")
    eve = employ(appliance, "eve", *rights, on=SHOP)
    with appliance.store.writing() as tx:
        for permission in tx["permissions"].find(code=list(rights)):
            role = row_of_role(tx, eve)
            tx.insert("grants", role_id=role, permission_id=permission["id"], group_id=lab)
    refused = edit(eve, "vouchers", id=1, group=lab)
    assert (refused.status, refused.detail) == (403, "无切换组权限,即添加新组和删除旧组的组合权限")
    assert edit(eve, "vouchers", id=1, group=SHOP).json == OK
    assert edit(alice, "vouchers", id=1, group=lab).detail == {"name": ["名称已被占用"]}
    assert edit(alice, "vouchers", id=1, group=lab, name="till").json == OK


def row_of_role(tx: Any, client: Client) -> int:
    found = tx.find("user_roles", user_id=client.id)
    return int(found.role_id)


def test_a_bound_voucher_moves_within_its_system_only(alice: Client) -> None:
    add_host(alice, "till", "10.0.0.1", voucher_ids=[add_voucher(alice, "root")])
    assert edit(alice, "vouchers", id=1, group=add_group(alice, "stock", SHOP)).json == OK
    answer = edit(alice, "vouchers", id=1, group=DEFAULT)
    assert (answer.status, answer.detail) == (400, "有关联当前组数据,无法切组")


def test_one_may_not_touch_what_one_cannot_see_nor_what_one_merely_sees(
    appliance: App, alice: Client, bob: Client
) -> None:
    hidden, shown = add_voucher(alice, "hidden", DEFAULT), add_voucher(alice, "shown")
    assert edit(bob, "vouchers", id=hidden, password="mine").status == 404
    assert remove(bob, "vouchers", hidden).detail == "错误参数"
    lab = add_group(alice, "lab")
    eve = employ(appliance, "eve", "resource.voucher.update", "resource.voucher.delete", on=lab)
    with appliance.store.writing() as tx:
        read = tx.find("permissions", code="resource.voucher.read")
        tx.insert("grants", role_id=row_of_role(tx, eve), permission_id=read.id, group_id=SHOP)
    for refused in (edit(eve, "vouchers", id=shown, password="mine"), remove(eve, "vouchers", shown)):
        assert (refused.status, refused.detail) == (403, "权限错误")
    assert opened(appliance, shown) == ("Example-2026.0", None)


# --- removing, listing ------------------------------------------------------------------------------------------------


def test_a_bound_voucher_may_be_removed_and_is_unbound(alice: Client) -> None:
    voucher = add_voucher(alice, "root")
    host = add_host(alice, "till", "10.0.0.1", voucher_ids=[voucher])
    assert remove(alice, "vouchers", voucher, UNSEEN).json == {**OK, "detail": {"skipped": [UNSEEN]}, "total": 1}
    assert one(alice, "hosts", host)["vouchers"] == []


@pytest.mark.parametrize("id_list", [[UNSEEN], [], "x", None, {"a": 1}, ["x"]])
def test_a_list_that_names_nothing_is_refused(alice: Client, id_list: Any) -> None:
    answer = alice.post("/api/resource/voucher/del/", {"id_list": id_list})
    assert (answer.status, answer.detail) == (400, "错误参数")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["Root-1", "db_2", "stock", "hidden"]),
        ({"name": "root"}, ["Root-1"]),
        ({"name": "_"}, ["db_2"]),
        ({"name": "%"}, []),
        ({"username": "ADM"}, ["db_2"]),
        ({"group": SHOP}, ["Root-1", "db_2"]),
        ({"group": SHOP, "subtree": "true"}, ["Root-1", "db_2", "stock"]),
        ({"group": UNSEEN}, []),
        ({"desc": "true", "page_size": 1}, ["hidden"]),
    ],
)
def test_filters(alice: Client, query: Any, found: list[str]) -> None:
    add_voucher(alice, "Root-1")
    add_voucher(alice, "db_2")
    edit(alice, "vouchers", id=2, username="admin")
    add_voucher(alice, "stock", add_group(alice, "stock", SHOP))
    add_voucher(alice, "hidden", DEFAULT)
    assert names(alice, "vouchers", **query) == found


def test_a_list_and_its_total_end_where_ones_rights_end(alice: Client, bob: Client) -> None:
    add_voucher(alice, "mine")
    add_voucher(alice, "hidden", DEFAULT)
    for query in ({}, {"group": DEFAULT}, {"name": "hidden"}, {"all": "true"}):
        answer = bob.get("/api/resource/voucher/get/", **query)
        assert (answer.json["total"], "hidden" in str(answer.detail)) == (len(answer.detail), False)
    assert names(bob, "vouchers") == ["mine"]


def test_the_right_to_read_hosts_shows_no_voucher(appliance: App, alice: Client) -> None:
    add_voucher(alice, "root")
    eve = employ(appliance, "eve", "resource.self.read", on=SHOP)
    assert eve.get("/api/resource/voucher/get/").status == 403


# --- secrets ----------------------------------------------------------------------------------------------------------


def test_no_secret_is_in_the_database_in_clear(appliance: App, alice: Client) -> None:
    locked = written(RSA, passphrase=PASSPHRASE)
    add_voucher(alice, "first", password=PASSWORD)
    add_voucher(alice, "second", private_key=locked, passphrase=PASSPHRASE)
    edit(alice, "vouchers", id=1, private_key=KEY)
    alice.post(ADD, ROOT | {"password": PASSWORD, "private_key": KEY, "name": "refused"})
    alice.post(ADD, ROOT | {"private_key": KEY + PASSWORD + KEY, "name": "refused"})
    files = list(appliance.settings.data.glob("appliance.db*"))
    assert len(files) > 1  # the log of what was written last, too
    content = b"".join(file.read_bytes() for file in files)
    secrets = [PASSWORD, PASSPHRASE, *KEY.splitlines()[1:-1], *locked.splitlines()[1:-1], alice.password, alice.token]
    assert [secret for secret in secrets if secret.encode() in content] == []
    assert b"first" in content


def test_no_answer_log_or_audit_line_holds_a_secret(
    appliance: App, alice: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    add_voucher(alice, "first", password=PASSWORD)
    answers = [
        alice.post(ADD, ROOT | {"password": PASSWORD, "private_key": "x"}),
        alice.post(ADD, {"password": PASSWORD}),
        edit(alice, "vouchers", id=1, password=PASSWORD, name="first"),
        alice.get("/api/resource/voucher/get/"),
        alice.get("/api/resource/resource/get/"),
        alice.get("/api/audit/opera/get/"),
    ]
    told = [answer.body.decode() for answer in answers] + [str(rows(appliance, "operations")), *capfd.readouterr()]
    assert [text for text in told if PASSWORD in text or "sealed" in text] == []
    assert '"***"' in str(rows(appliance, "operations")).replace("'", '"')


def test_the_audit_says_that_secrets_changed_and_no_more(appliance: App, alice: Client) -> None:
    add_voucher(alice, "root", private_key=written(RSA, passphrase=PASSPHRASE), passphrase=PASSPHRASE)
    edit(alice, "vouchers", id=1, password=PASSWORD)
    made, changed = (line.details[0] for line in rows(appliance, "operations"))
    assert (made["new"]["secret"], made["new"]["passphrase"]) == ("***", "***")
    assert changed["old"] == {"kind": "key", "secret": "***", "passphrase": "***"}
    assert changed["new"] == {"kind": "password", "secret": "***", "passphrase": None}


def test_a_sealed_secret_opens_in_its_own_row_and_column_only(appliance: App, alice: Client) -> None:
    add_voucher(alice, "first", password=PASSWORD)
    add_voucher(alice, "second", private_key=written(RSA, passphrase=PASSPHRASE), passphrase=PASSPHRASE)
    swapped = {1: stored(appliance, 2).secret, 2: stored(appliance, 2).passphrase}
    for ident, foreign in swapped.items():
        with appliance.store.writing() as tx:
            tx.change("vouchers", ident, secret=foreign)
        with pytest.raises(BadKey):
            opened(appliance, ident)


def test_sealing_twice_gives_different_bytes(appliance: App, alice: Client) -> None:
    add_voucher(alice, "first", password=PASSWORD)
    before = stored(appliance).secret
    edit(alice, "vouchers", id=1, password=PASSWORD)
    assert (stored(appliance).secret != before, opened(appliance)) == (True, (PASSWORD, None))


def test_what_is_done_to_vouchers_is_audited(appliance: App, alice: Client) -> None:
    voucher = add_voucher(alice, "root")
    assert last_operation(appliance) == ("添加凭证", True)
    alice.post(ADD, {})
    assert last_operation(appliance) == ("添加凭证", False)
    edit(alice, "vouchers", id=voucher, username="admin")
    assert last_operation(appliance) == (f"编辑凭证{voucher}", True)
    edit(alice, "vouchers", id=UNSEEN)
    assert last_operation(appliance) == (f"编辑凭证{UNSEEN}", False)
    remove(alice, "vouchers", voucher)
    assert last_operation(appliance) == ("删除凭证", True)


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "a\r\nb\x1b[31m\u202e", "-oProxyCommand=id", "$(id)"])
def test_texts_are_plain_data(alice: Client, text: str) -> None:
    assert alice.post(ADD, ROOT | {"name": text, "username": text, "password": "x"}).json == OK
    assert (listed(alice, "vouchers")[0]["name"], listed(alice, "vouchers")[0]["username"]) == (text, text)
