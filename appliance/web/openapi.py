"""Describes every declared route in OpenAPI 3.1, from the same rows that serve it."""

from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter

from appliance import __version__
from appliance.web import fields
from appliance.web.route import OPEN, PLACE, Route

KINDS: dict[Any, tuple[str | None, str | None]] = {
    fields.Text: ("string", None),
    fields.Secret: ("string", "password"),
    fields.Int: ("integer", None),
    fields.Id: ("integer", None),
    fields.Bool: ("boolean", None),
    fields.Time: ("string", "date-time"),
    fields.Moment: ("string", "date-time"),
    fields.Plain: (None, None),
    fields.Ids: ("array", None),
    fields.Parts: ("array", None),
}


def described(routes: list[Route]) -> dict[str, Any]:
    """The whole description."""
    plugin = MarshmallowPlugin(schema_name_resolver=lambda _: "")
    info = {"description": "Five APIs over one data model"}
    spec = APISpec("appliance", __version__, "3.1.0", plugins=[plugin], info=info)
    assert plugin.converter is not None
    for kind, (name, form) in KINDS.items():
        plugin.map_to_openapi_type(kind, name, form)
    spec.components.security_scheme("token", {"type": "apiKey", "in": "header", "name": "Authorization"})
    spec.components.security_scheme("key", {"type": "apiKey", "in": "header", "name": "X-API-Key"})
    for route in routes:
        operation = {route.method.lower(): describe(route, plugin.converter)}
        spec.path(path=PLACE.sub(r"{\1}", route.path) + "/", operations=operation)
    return spec.to_dict()


def credentials(route: Route) -> list[str]:
    """What opens the door of a route: nothing, a token, or an API key as well."""
    return [] if route.needs == (OPEN,) else ["token", "key"] if route.by_key else ["token"]


def describe(route: Route, converter: OpenAPIConverter) -> dict[str, Any]:
    """One operation."""
    places = [
        {"in": "path", "name": n, "required": True, "schema": {"type": "string"}} for n in PLACE.findall(route.path)
    ]
    operation: dict[str, Any] = {
        "tags": [route.dialect.name],
        "summary": route.title,
        "operationId": f"{route.dialect.name}.{route.handler.__name__}",
        "parameters": places,
        "responses": {"200": {"description": "OK"}, "default": {"description": "Refused"}},
        "security": [{name: list(route.needs)} for name in credentials(route)],
    }
    if route.takes and route.writes:
        shape = route.body() if route.body else converter.schema2jsonschema(route.takes)
        operation["requestBody"] = {"content": {"application/json": {"schema": shape}}}
    elif route.takes:
        filters = converter.schema2jsonschema(route.takes)["properties"]
        operation["parameters"] += [{"in": "query", "name": name, "schema": kind} for name, kind in filters.items()]
    if route.gives:
        shape = converter.schema2jsonschema(route.gives)
        operation["responses"]["200"]["content"] = {"application/json": {"schema": shape}}
    return operation
