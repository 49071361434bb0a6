"""Checks events against docs/events.schema.json: the part of JSON Schema that it uses."""

import json

import netkit_server

_TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


class Schema:
    def __init__(self):
        path = netkit_server.SOURCE / "docs" / "events.schema.json"
        self._root = json.loads(path.read_text(encoding="utf-8"))

    def _resolve(self, reference):
        node = self._root
        assert reference.startswith("#/")
        for name in reference[2:].split("/"):
            node = node[name]
        return node

    def problems(self, value, schema=None, where="event"):
        """What is wrong with a value, as a list of sentences."""
        schema = self._root if schema is None else schema
        if "$ref" in schema:
            return self.problems(value, self._resolve(schema["$ref"]), where)
        found = []
        if "type" in schema:
            kind = _TYPES[schema["type"]]
            if isinstance(value, bool) != (kind is bool) or not isinstance(value, kind):
                return [f"{where} is not of type {schema['type']}: {value!r}"]
        if "const" in schema and value != schema["const"]:
            found.append(f"{where} is not {schema['const']!r}")
        if "enum" in schema and value not in schema["enum"]:
            found.append(f"{where} is none of {schema['enum']}")
        if "minimum" in schema and value < schema["minimum"]:
            found.append(f"{where} is below {schema['minimum']}")
        if "maximum" in schema and value > schema["maximum"]:
            found.append(f"{where} is above {schema['maximum']}")
        for number, item in enumerate(value if "items" in schema else []):
            found += self.problems(item, schema["items"], f"{where}[{number}]")
        found += self._object_problems(value, schema, where)
        if "oneOf" in schema:
            tries = [self.problems(value, each, where) for each in schema["oneOf"]]
            fitting = sum(not each for each in tries)
            if fitting == 0:
                found += min(tries, key=len)  # that of the kind which was meant
            elif fitting > 1:
                found.append(f"{where} is of {fitting} kinds at once")
        return found

    def _object_problems(self, value, schema, where):
        found = []
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                found.append(f"{where} has no {name}")
        for name, each in properties.items():
            if isinstance(value, dict) and name in value:
                found += self.problems(value[name], each, f"{where}.{name}")
        if schema.get("additionalProperties") is False:
            extra = set(value) - set(properties)
            if extra:
                found.append(f"{where} has {sorted(extra)} that the schema does not know")
        return found


def read_events(text):
    """The events of a run: every line is one, and every one is as the schema says."""
    schema = Schema()
    events = []
    for line in text.splitlines():
        event = json.loads(line)
        problems = schema.problems(event)
        assert not problems, f"{line}: {problems}"
        events.append(event)
    return events
