"""The samples of the document as they stand: curl, Python, JavaScript; only host and account are this test's."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conftest import PASSWORD
from tests.live import Live

NODE = shutil.which("node", path=str(Path(sys.executable).parent)) or "node"
JAVASCRIPT = """
const BASE_URL = 'http://localhost:8080/api';

const login = async () => {
  const response = await fetch(`${BASE_URL}/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: 'admin123' })
  });
  const data = await response.json();
  return data.data.token;
};

const getIPs = async (token, params = {}) => {
  const query = new URLSearchParams(params).toString();
  const response = await fetch(`${BASE_URL}/ips?${query}`, {
    headers: { 'Authorization': `Bearer ${token}` }
  });
  return await response.json();
};

const createSubnet = async (token, subnet) => {
  const response = await fetch(`${BASE_URL}/subnets`, {
    method: 'POST',
    headers: {
      'Authorization': `Bearer ${token}`,
      'Content-Type': 'application/json'
    },
    body: JSON.stringify(subnet)
  });
  return await response.json();
};

const flexibleUpdate = async (token, resource, data) => {
  const response = await fetch(`${BASE_URL}/${resource}`, {
    method: 'PATCH',
    headers: {
      'Authorization': `Bearer ${token}`,
      'Content-Type': 'application/json'
    },
    body: JSON.stringify(data)
  });
  return await response.json();
};
"""
STORY = """
(async () => {
  const token = await login();
  const made = await createSubnet(token, { name: 'js', cidr: '10.77.0.0/24', network_area_id: 1 });
  const changed = await flexibleUpdate(token, 'subnets', { id: made.data.id, name: 'js2' });
  const ips = await getIPs(token, { filters: '{"ip":{"like":"10.77"}}', page: 1, page_size: 20 });
  console.log(JSON.stringify([made.code, changed.data.name, ips.data.total, ips.data.list.length]));
})();
"""


def curl(live: Live, *words: str) -> Any:
    """What curl prints, as data."""
    told = [word.replace("http://localhost:8080", live.url).replace("<token>", token(live)) for word in words]
    done = subprocess.run(["curl", "-sS", "-X", *told], capture_output=True, text=True, timeout=30, check=True)
    return json.loads(done.stdout)


def token(live: Live) -> str:
    """alice's."""
    body = {"username": "alice", "password": PASSWORD}
    return requests.post(f"{live.url}/api/login", json=body, timeout=20).json()["data"]["token"]


SUBNET = """{
    "name": "办公网段",
    "cidr": "192.168.1.0/24",
    "gateway_id": 1,
    "network_area_id": 1
  }"""
BEARER = ("-H", "Authorization: Bearer <token>")
AS_JSON = ("-H", "Content-Type: application/json")


@pytest.fixture(scope="module")
def gateway(live: Live) -> int:
    """The gateway that the samples call 1."""
    body = {"ip": "192.168.1.1"}
    headers = {"Authorization": f"Bearer {token(live)}"}
    return requests.post(f"{live.url}/api/gateways", json=body, headers=headers, timeout=20).json()["data"]["id"]


def test_curl(live: Live, gateway: int) -> None:
    who = json.dumps({"username": "alice", "password": PASSWORD})
    assert curl(live, "POST", "http://localhost:8080/api/login", *AS_JSON, "-d", who)["message"] == "登录成功"
    made = curl(
        live,
        *("POST", "http://localhost:8080/api/subnets", *BEARER, *AS_JSON, "-d"),
        SUBNET,
    )
    assert (gateway, made["code"], made["data"]["id"]) == (1, 201, 1)
    assert curl(live, "GET", "http://localhost:8080/api/ips?page=1&page_size=20", *BEARER)["data"]["total"] == 254
    body = '{\n    "id": 1,\n    "name": "新名称"\n  }'
    changed = curl(live, "PATCH", "http://localhost:8080/api/subnets", *BEARER, *AS_JSON, "-d", body)
    assert changed["data"]["name"] == "新名称"
    for number in (2, 3):
        more = json.dumps({"name": f"s{number}", "cidr": f"192.168.{number}.0/24"})
        assert curl(live, "POST", "http://localhost:8080/api/subnets", *BEARER, *AS_JSON, "-d", more)["code"] == 201
    gone = curl(live, "DELETE", "http://localhost:8080/api/subnets", *BEARER, *AS_JSON, "-d", '{"ids": [1, 2, 3]}')
    assert gone["data"]["deleted"] == 3


def test_filters_that_are_not_encoded(live: Live) -> None:
    raw = 'http://localhost:8080/api/ips?filters={"ip":{"like":"192.168"}}'
    assert curl(live, "GET", "-g", raw, *BEARER)["message"] == "success"


def test_python(live: Live, gateway: int) -> None:
    base = f"{live.url}/api"
    headers = {"Authorization": f"Bearer {token(live)}"}
    response = requests.post(
        f"{base}/subnets",
        headers=headers,
        json={"name": "办公网段", "cidr": "192.168.1.0/24", "gateway_id": gateway, "network_area_id": 1},
        timeout=20,
    )
    ident = response.json()["data"]["id"]
    ip_list = requests.get(f"{base}/ips", headers=headers, params={"page": 1, "page_size": 20}, timeout=20)
    assert len(ip_list.json()["data"]["list"]) == 20
    changed = requests.patch(f"{base}/subnets", headers=headers, json={"id": ident, "name": "新名称"}, timeout=20)
    assert changed.json()["data"]["name"] == "新名称"
    params = {"filters": '{"ip":{"like":"192.168"}}', "order": "id", "order_by": "desc"}
    found = requests.get(f"{base}/ips", headers=headers, params=params, timeout=20)
    assert found.json()["data"]["total"] == 254
    requests.delete(f"{base}/subnets", headers=headers, json={"ids": [ident]}, timeout=20)


def test_javascript(live: Live) -> None:
    script = JAVASCRIPT.replace("http://localhost:8080", live.url).replace("'admin'", "'alice'")
    script = script.replace("'admin123'", json.dumps(PASSWORD)) + STORY
    done = subprocess.run([NODE, "-e", script], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == [201, "js2", 254, 20]
