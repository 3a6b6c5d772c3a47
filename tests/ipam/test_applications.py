"""Applications for addresses: asking, holding, withdrawing, lapsing (ipam 7)."""

from datetime import timedelta
from typing import Any

import pytest

from appliance import clock
from appliance.app import App
from appliance.domain import applications, options
from appliance.work import address_chores
from tests.client import Client
from tests.ipam.applying import PATH, WISH, ask, put, status
from tests.ipam.book import acting, at, events, take
from tests.ipam.calls import made, patch, refused, rows


@pytest.fixture(autouse=True)
def office(alice: Client) -> None:
    """Subnet 1; the id of an address is its last octet."""
    made(alice, "subnets", name="office", cidr="10.0.0.0/24")


# --- asking -----------------------------------------------------------------------------------------------------------


def test_anybody_signed_in_asks_for_himself_and_the_address_is_held(appliance: App, mallory: Client) -> None:
    forged = {"applicant_id": 1, "status": "approved", "approver_id": 1, "allocated_ip_ids": [1], "may_decide": True}
    row = ask(mallory, **forged, request_no="IPR-1", events=[])
    assert (row["approver_id"], row["allocated_ip_ids"], row["may_decide"]) == (None, [], False)
    assert (row["status"], row["applicant_id"], row["apply_type"], row["ip_count"]) == ("pending", mallory.id, "new", 1)
    assert row["request_no"].startswith("IPR-")
    assert row["request_no"].endswith("-0001")
    assert status(appliance) == "pending"
    assert ask(mallory, ip="10.0.0.10")["request_no"].endswith("-0002")


def test_nobody_sees_what_others_ask_for_whatever_he_asks(bob: Client, mallory: Client) -> None:
    ident = ask(bob)["id"]
    everything = '{"applicant_id":{"neq":' + str(mallory.id) + "}}"
    for query in ({}, {"ids": str(ident)}, {"keyword": "IPR"}, {"filters": everything}):
        assert rows(mallory, "registerIps", **query) == []
        assert mallory.get(f"{PATH}/count", **query).json["data"]["count"] == 0
    assert mallory.get(f"{PATH}/{ident}").status == 404
    assert put(mallory, id=ident, status="cancelled").status == 404
    assert mallory.call("DELETE", PATH, body={"ids": [ident]}).status == 404


def test_one_address_is_held_for_one_application(alice: Client, mallory: Client) -> None:
    ask(mallory)
    assert refused(alice.post(PATH, WISH)) == (409, "IP_NOT_AVAILABLE", {"ip": "待审批", "status": "pending"})
    assert refused(alice.post("/api/ips/allocate", {"id": 9}))[1] == "IP_NOT_AVAILABLE"
    assert rows(alice, "registerIps", page_size=1)[0]["applicant_id"] == mallory.id


@pytest.mark.parametrize(
    ("facts", "code", "fields"),
    [
        ({"subnet_id": None, "ip": None}, "INVALID_PARAMETER", {"subnet_id"}),
        ({"subnet_id": 99, "ip": None}, "INVALID_PARAMETER", {"subnet_id"}),
        ({"ip": "10.0.1.9"}, "IP_NOT_IN_SUBNET", {"ip"}),
        ({"ip": "10.0.0.999"}, "INVALID_PARAMETER", {"ip"}),
        ({"ip_count": 65}, "INVALID_PARAMETER", {"ip_count"}),
        ({"apply_type": "loan"}, "INVALID_PARAMETER", {"apply_type"}),
        ({"user_contact_id": 99}, "INVALID_PARAMETER", {"user_contact_id"}),
        ({"apply_type": "release"}, "INVALID_PARAMETER", {"ip"}),
        ({"mac": "x", "ip_count": "many", "unit_id": 9}, "INVALID_PARAMETER", {"mac", "ip_count", "unit_id"}),
        ({"apply_type": "renew", "ip": None}, "INVALID_PARAMETER", {"ip", "expires_at"}),
        ({"subnet_id": None, "ip": None, "network_area_id": 99}, "INVALID_PARAMETER", {"network_area_id"}),
    ],
)
def test_bad_wishes_are_told_by_name(mallory: Client, facts: dict[str, Any], code: str, fields: set[str]) -> None:
    found = refused(mallory.post(PATH, WISH | facts))
    assert (found[0], found[1], set(found[2])) == (400, code, fields)


def test_a_subnet_may_take_no_applications(alice: Client, mallory: Client) -> None:
    patch(alice, "subnets", {"id": 1, "allow_request": False})
    assert refused(mallory.post(PATH, WISH))[2] == {"subnet_id": "该子网不接受申请"}


def test_a_subnet_may_decide_by_itself(appliance: App, alice: Client, mallory: Client) -> None:
    patch(alice, "subnets", {"id": 1, "auto_approve": True})
    row = ask(mallory, ip=None, ip_count=3)
    assert (row["status"], row["allocated_ips"]) == ("approved", ["10.0.0.1", "10.0.0.2", "10.0.0.3"])
    assert (row["approver_id"], row["approve_comment"]) == (None, "自动通过")
    assert refused(mallory.post(PATH, {"subnet_id": 1, "ip_count": 64} | {"ip": "10.0.0.1"}))[1] == "IP_NOT_AVAILABLE"


def test_an_area_or_a_container_without_open_subnets_takes_no_applications(alice: Client, mallory: Client) -> None:
    made(alice, "network_areas", name="lab")
    answer = mallory.post(PATH, {"network_area_id": 2})
    assert refused(answer)[2] == {"network_area_id": "该区域没有接受申请的子网"}
    box = made(alice, "subnets", name="box", cidr="10.1.0.0/16", status="container", network_area_id=2)["id"]
    assert refused(mallory.post(PATH, {"subnet_id": box}))[2] == {"subnet_id": "该子网不接受申请"}
    made(alice, "subnets", name="in", cidr="10.1.1.0/24", network_area_id=2)
    assert ask(mallory, subnet_id=box, ip="10.1.1.5")["subnet_name"] == "in"
    assert ask(mallory, subnet_id=None, ip=None, network_area_id=2)["status"] == "pending"


def test_what_lies_outside_ones_scope_is_not_asked_for(alice: Client, bob: Client) -> None:
    made(alice, "subnets", name="other", cidr="10.0.1.0/24")
    made(alice, "user-groups", name="others", user_ids=[bob.id], subnet_ids=[2])
    assert refused(bob.post(PATH, {"subnet_id": 1}))[2].keys() == {"subnet_id"}
    assert refused(bob.post(PATH, {"ip": "10.0.0.9"}))[1] == "IP_NOT_IN_SUBNET"
    assert ask(bob, subnet_id=2, ip=None)["status"] == "pending"


def test_who_may_not_allocate_does_not_hold_a_whole_network(alice: Client, mallory: Client) -> None:
    wishes = [WISH | {"ip": f"10.0.0.{last}"} for last in range(1, 65)]
    assert mallory.post(PATH, wishes).status == 201
    assert refused(mallory.post(PATH, WISH | {"ip": "10.0.0.100"}))[1] == "INVALID_STATE"
    put(mallory, id=1, action="cancel")
    assert mallory.post(PATH, WISH | {"ip": "10.0.0.100"}).status == 201
    assert alice.post(PATH, [{"subnet_id": 1}] * 70).status == 201


# --- changing one's mind ----------------------------------------------------------------------------------------------


def test_the_applicant_changes_what_he_asked_for(appliance: App, mallory: Client) -> None:
    ident = ask(mallory)["id"]
    assert put(mallory, id=ident, ip="10.0.0.20", hostname="x").json["data"]["ip"] == "10.0.0.20"
    assert (status(appliance), status(appliance, "10.0.0.20")) == ("available", "pending")


def test_what_stays_wanted_stays_held(appliance: App, mallory: Client) -> None:
    ident = ask(mallory)["id"]
    with acting(appliance) as tx:
        until = at(tx, "10.0.0.9").release_after
        tx.change("addresses", 9, is_online=True)
    assert put(mallory, id=ident, purpose="内网", hostname="x").json["data"]["purpose"] == "内网"
    with acting(appliance) as tx:
        assert (at(tx, "10.0.0.9").release_after, events(tx, "10.0.0.9")) == (until, ["reserved"])


def test_an_address_is_given_up_for_any_of_the_same_subnet(appliance: App, mallory: Client) -> None:
    ident = ask(mallory)["id"]
    row = put(mallory, id=ident, subnet_id=1, ip=None).json["data"]
    assert (row["subnet_id"], row["ip"], status(appliance)) == (1, None, "available")


def test_a_rejected_application_is_asked_again_by_an_edit(appliance: App, alice: Client, mallory: Client) -> None:
    ident = ask(mallory)["id"]
    put(alice, id=ident, status="rejected", comment="无用途")
    row = put(mallory, id=ident, purpose="财务网站").json["data"]
    assert (row["status"], row["reject_reason"], status(appliance)) == ("pending", None, "pending")


def test_others_change_nothing_of_it(alice: Client, bob: Client, mallory: Client) -> None:
    group = made(alice, "user-groups", name="approvers", user_ids=[bob.id])["id"]
    patch(alice, "subnets", {"id": 1, "approver_group_id": group})
    ident = ask(mallory)["id"]
    answers = [put(bob, id=ident, purpose="x"), put(bob, id=ident, status="cancelled")]
    assert [answer.status for answer in answers] == [403, 403]


def test_a_withdrawn_application_frees_its_address_and_stays_withdrawn(appliance: App, mallory: Client) -> None:
    ident = ask(mallory)["id"]
    assert put(mallory, id=ident, action="cancel").json["data"]["status"] == "cancelled"
    assert status(appliance) == "available"
    for body in ({"action": "cancel"}, {"purpose": "x"}):
        assert refused(put(mallory, id=ident, **body))[1] == "INVALID_STATE"


def test_one_removes_ones_own_unless_it_is_approved(appliance: App, alice: Client, mallory: Client) -> None:
    first, second = ask(mallory)["id"], ask(mallory, ip="10.0.0.10")["id"]
    put(alice, id=second, status="approved")
    assert mallory.call("DELETE", PATH, body={"ids": [first, second]}).status == 409
    assert status(appliance) == "pending"
    assert mallory.call("DELETE", PATH, body={"ids": [first]}).json["data"] == {"deleted": 1, "ids": [first]}
    assert (status(appliance), status(appliance, "10.0.0.10")) == ("available", "allocated")
    assert alice.call("DELETE", PATH, body={"id": second}).status == 200


# --- renewing, giving back, registering -------------------------------------------------------------------------------


def test_a_held_address_is_renewed_and_given_back(appliance: App, alice: Client, mallory: Client) -> None:
    put(alice, id=ask(mallory)["id"], status="approved")
    renewal = ask(mallory, apply_type="renew", expires_at="2099-01-01")["id"]
    assert put(alice, id=renewal, status="approved").status == 200
    assert rows(alice, "ips", ip="10.0.0.9")[0]["expires_at"].startswith("2098-12-31")
    back = ask(mallory, apply_type="release")["id"]
    assert put(alice, id=back, status="approved").status == 200
    with acting(appliance) as tx:
        assert (at(tx, "10.0.0.9").status, events(tx, "10.0.0.9")[-1]) == ("available", "released")


def test_one_is_shown_the_addresses_one_may_renew_or_give_back(alice: Client, mallory: Client) -> None:
    put(alice, id=ask(mallory, hostname="web-1")["id"], status="approved")
    ask(mallory, ip="10.0.0.10")
    told = mallory.get(f"{PATH}/held").json["data"]
    assert told["total"] == 1
    assert told["list"] == [{"id": 9, "ip": "10.0.0.9", "network_area_id": 1, "hostname": "web-1", "expires_at": None}]
    assert alice.get(f"{PATH}/held").json["data"]["list"] == []
    alice.post("/api/ips/release", {"id": 9})
    assert mallory.get(f"{PATH}/held").json["data"]["list"] == []


def test_what_was_given_back_and_allocated_anew_is_its_former_holders_no_more(alice: Client, mallory: Client) -> None:
    put(alice, id=ask(mallory)["id"], status="approved")
    alice.post("/api/ips/release", {"id": 9})
    alice.post("/api/ips/allocate", {"id": 9})
    assert refused(mallory.post(PATH, WISH | {"apply_type": "release"}))[2].keys() == {"ip"}
    assert ask(alice, apply_type="release")["status"] == "pending"


@pytest.mark.parametrize("kind", ["renew", "release"])
def test_what_changed_hands_meanwhile_is_not_taken_from_its_new_holder(
    alice: Client, mallory: Client, kind: str
) -> None:
    put(alice, id=ask(mallory)["id"], status="approved")
    late = ask(mallory, apply_type=kind, expires_at="2099-01-01")["id"]
    alice.post("/api/ips/release", {"id": 9})
    alice.post("/api/ips/allocate", {"id": 9, "hostname": "new"})
    assert refused(put(alice, id=late, status="approved"))[1] == "INVALID_STATE"
    row = rows(alice, "ips", ip="10.0.0.9")[0]
    assert (row["status"], row["hostname"], row["expires_at"]) == ("allocated", "new", None)


def test_an_approver_does_not_hold_what_he_approved(alice: Client, mallory: Client) -> None:
    put(alice, id=ask(mallory)["id"], status="approved")
    assert refused(alice.post(PATH, WISH | {"apply_type": "release"}))[2].keys() == {"ip"}


def test_nobody_renews_or_gives_back_what_is_anothers(appliance: App, alice: Client, mallory: Client) -> None:
    alice.post("/api/ips/allocate", {"id": 9})
    for kind in ("renew", "release"):
        body = WISH | {"apply_type": kind, "expires_at": "2099-01-01"}
        assert refused(mallory.post(PATH, body))[2] == {"ip": "只能申请续期或释放本人持有的地址"}


def test_an_address_in_use_is_registered_although_it_answers(appliance: App, alice: Client, mallory: Client) -> None:
    with acting(appliance) as tx:
        tx.change("addresses", 9, is_online=True)
    assert refused(mallory.post(PATH, WISH))[1] == "IP_NOT_AVAILABLE"
    ident = ask(mallory, apply_type="register")["id"]
    assert put(alice, id=ident, status="approved").json["data"]["allocated_ips"] == ["10.0.0.9"]


# --- time -------------------------------------------------------------------------------------------------------------


def test_a_hold_lasts_a_week_and_an_application_a_month(appliance: App, alice: Client, mallory: Client) -> None:
    ident = ask(mallory)["id"]
    with acting(appliance) as tx:
        tx.change("addresses", 9, release_after=clock.now() - timedelta(seconds=1))
    address_chores.tend(appliance.store)
    assert (status(appliance), alice.get(f"{PATH}/{ident}").json["data"]["status"]) == ("available", "pending")
    with acting(appliance) as tx:
        tx.change("applications", ident, updated_at=clock.now() - timedelta(days=31))
    address_chores.tend(appliance.store)
    assert refused(put(alice, id=ident, status="approved"))[1] == "INVALID_STATE"
    assert alice.get(f"{PATH}/{ident}").json["data"]["status"] == "expired"


def test_after_its_hold_an_application_is_met_if_nobody_was_quicker(
    appliance: App, alice: Client, mallory: Client
) -> None:
    ident = ask(mallory)["id"]
    with acting(appliance) as tx:
        tx.change("addresses", 9, release_after=clock.now() - timedelta(seconds=1))
    address_chores.tend(appliance.store)
    with acting(appliance) as tx:
        take(tx, 1, "10.0.0.9")
    assert refused(put(alice, id=ident, status="approved"))[1] == "IP_NOT_AVAILABLE"
    assert put(alice, id=ident, status="approved", ip="10.0.0.10").status == 200


def test_the_month_begins_anew_when_a_rejected_application_is_asked_again(
    appliance: App, alice: Client, mallory: Client
) -> None:
    ident = ask(mallory)["id"]
    put(alice, id=ident, status="rejected", comment="x")
    with acting(appliance) as tx:
        past = clock.now() - timedelta(days=40)
        tx.change("applications", ident, created_at=past, updated_at=past)
    put(mallory, id=ident, purpose="财务网站")
    address_chores.tend(appliance.store)
    assert alice.get(f"{PATH}/{ident}").json["data"]["status"] == "pending"


def test_how_long_an_application_waits_is_an_option(appliance: App, alice: Client, mallory: Client) -> None:
    ident = ask(mallory)["id"]
    with acting(appliance) as tx:
        options.put(tx, applications.EXPIRY, 3)
        tx.change("applications", ident, updated_at=clock.now() - timedelta(days=4))
    address_chores.tend(appliance.store)
    assert alice.get(f"{PATH}/{ident}").json["data"]["status"] == "expired"
