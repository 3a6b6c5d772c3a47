"""Chapter 十: the menu."""

from typing import Any

from appliance.dialects.ptpb.envelope import ptpb
from appliance.domain import menu
from appliance.store import Tx
from appliance.web.fields import Bool, Wire
from appliance.web.route import SIGNED_IN


class MenuFilter(Wire):
    """`ui=1` adds the appliance's own pages."""

    ui = Bool(attribute="ours", load_default=False)


@ptpb.get("/rbac/routes/", needs=SIGNED_IN, takes=MenuFilter)
def show_menu(tx: Tx, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """获取动态路由"""
    return menu.tree(tx, **wanted)
