"""Network areas: separate address spaces; the first one is seeded and stays (ipam 6)."""

from appliance.domain import scope, user_groups, values
from appliance.domain.collections import (
    CODE,
    CODE_UNIQUE,
    DESCRIPTION,
    NAME,
    NAME_UNIQUE,
    SORT_ORDER,
    STATUS,
    Collection,
    Field,
    Use,
    register,
)
from appliance.store import Row
from appliance.store.address_tables import areas

TYPES = {"office": "办公", "dc": "数据中心", "dmz": "隔离区", "iot": "物联网", "guest": "访客", "other": "其他"}
STAYS = "默认区域不可删除"


def protected(area: Row) -> str:
    """The seeded area is there for ever."""
    return STAYS if area.protected else ""


AREAS = register(
    Collection(
        name="network_areas",
        title="网络区域",
        table=areas,
        own_fields=(
            NAME,
            CODE,
            Field("type", default="office", choices=TYPES),
            Field("security_level", values.INTEGER, default=1, low=1, high=5),
            SORT_ORDER,
            STATUS,
            DESCRIPTION,
        ),
        unique=(NAME_UNIQUE, CODE_UNIQUE),
        scope=scope.for_areas,
        uses=(Use("被 {} 个用户组引用", user_groups.scoping("area_ids")),),
        protected=protected,
    )
)
