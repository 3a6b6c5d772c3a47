"""Far pages of the list of all addresses: whole subnets are skipped, and every row is still where it belongs."""

from typing import Any

import pytest

from appliance.app import App
from appliance.domain import pages, subnets
from tests.client import Client
from tests.ipam.book import acting, allocate, area, subnet, take
from tests.ipam.calls import rows

SIZE = 7
ORDERS = [
    {},
    {"order": "id", "order_by": "asc"},
    {"order": "ip", "order_by": "asc"},
    {"order": "ip", "order_by": "desc"},
]


@pytest.fixture
def book(appliance: App, monkeypatch: pytest.MonkeyPatch) -> App:
    """Subnets beside, inside and before one another, one removed, sparse ones, the same network in two areas."""
    monkeypatch.setattr(pages, "FAR", 0)
    with acting(appliance) as tx:
        subnet(tx, "10.0.1.0/27")
        outer = subnet(tx, "10.0.0.0/26", allow_nested=True)
        gone = subnet(tx, "10.0.3.0/28")
        subnet(tx, "10.0.0.16/28")
        subnet(tx, "10.0.1.0/27", name="again", area_id=area(tx, "dmz"))
        subnets.remove(tx, [gone])
        six, large = subnet(tx, "2001:db8::/64"), subnet(tx, "11.0.0.0/8")
        for _ in range(3):
            allocate(tx, large, count=2)
            allocate(tx, six)
        take(tx, large, "11.0.0.200")
        take(tx, outer, "10.0.0.60")
    return appliance


@pytest.mark.parametrize("order", ORDERS)
def test_every_page_is_the_part_of_the_whole_list_that_it_should_be(
    book: App, alice: Client, order: dict[str, str]
) -> None:
    assert paged(book, alice, order) == 130


def test_rows_that_came_and_went_are_not_remembered(book: App, alice: Client) -> None:
    for cidr in ("10.0.4.0/28", "10.0.5.0/28"):
        with acting(book) as tx:
            ident = subnet(tx, cidr)
        assert paged(book, alice, {"order": "ip"}) == 144
        with acting(book) as tx:
            subnets.remove(tx, [ident])
    with acting(book) as tx:
        subnet(tx, "10.0.0.32/28")
        subnet(tx, "10.0.6.0/30", is_pool=True)
    assert paged(book, alice, {"order": "ip"}) == 132


def paged(book: App, alice: Client, order: dict[str, str]) -> int:
    """How many rows all pages have, each seen to be the part of the whole list that it should be."""
    whole = [row["id"] for row in rows(alice, "ips", page_size=1000, **order)]
    for page in range(1, len(whole) // SIZE + 2):
        with book.store.writing():
            pass  # what was kept of the page before is forgotten
        found = [row["id"] for row in rows(alice, "ips", page=page, page_size=SIZE, **order)]
        assert found == whole[(page - 1) * SIZE : page * SIZE]
    return len(whole)


@pytest.mark.parametrize("order", ORDERS)
def test_no_row_before_a_dense_subnet_is_looked_at(
    appliance: App, alice: Client, monkeypatch: pytest.MonkeyPatch, order: dict[str, str]
) -> None:
    monkeypatch.setattr(pages, "FAR", 0)
    with acting(appliance) as tx:
        for third in range(4):
            subnet(tx, f"10.0.{third}.0/24")
    asked: list[Any] = []
    appliance.store.driver.set_trace_callback(asked.append)
    assert len(rows(alice, "ips", page=20, page_size=20, **order)) == 20
    (search,) = [text for text in asked if "LIMIT" in text and "FROM addresses" in text and "OFFSET" in text]
    assert search.endswith("LIMIT 20 OFFSET 0")
