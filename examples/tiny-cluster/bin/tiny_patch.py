"""The three ways to change an object that plug-ins use: RFC 7386, Kubernetes' strategic merge as far as nodes need it, RFC 6902."""
import copy

# Lists of a node that are merged by a key; all others are replaced (taints are such a list: it is atomic).
MERGED_LISTS = {"conditions": "type", "addresses": "type"}


class PatchFailed(Exception):
    pass


def merge_patch(target, patch):
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def strategic_patch(target, patch):
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if key.startswith("$"):
            raise PatchFailed(f"{key} is a directive that this small API does not know")
        if value is None:
            result.pop(key, None)
        elif isinstance(value, list) and key in MERGED_LISTS:
            name = MERGED_LISTS[key]
            merged = {each[name]: each for each in result.get(key, [])}
            for each in value:
                merged[each[name]] = strategic_patch(merged.get(each[name]), each)
            result[key] = list(merged.values())
        else:
            result[key] = strategic_patch(result.get(key), value)
    return result


def json_patch(target, operations):
    if not isinstance(operations, list):
        raise PatchFailed("a JSON patch is a list")
    for operation in operations:
        kind, path = operation.get("op"), pointer(operation.get("path"))
        if kind in ("copy", "move"):
            operation = {**operation, "value": copy.deepcopy(look(target, pointer(operation.get("from"))))}
        if kind == "move":
            target = change(target, pointer(operation.get("from")), "remove", None)
        if kind == "test":
            if look(target, path) != operation.get("value"):
                raise PatchFailed(f"testing path {operation['path']} value failed")
        elif kind in ("add", "replace", "remove", "copy", "move"):
            target = change(target, path, "add" if kind in ("copy", "move") else kind, operation.get("value"))
        else:
            raise PatchFailed(f"unknown operation {kind}")
    return target


def pointer(text):
    if not isinstance(text, str) or not (text == "" or text.startswith("/")):
        raise PatchFailed(f"{text!r} is no JSON pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def look(value, path):
    for part in path:
        value = value[place(value, part, len(value) - 1)]
    return value


def place(value, part, last):
    """The key, or the index, that a part of a pointer names in a value."""
    if isinstance(value, list):
        if part.isdigit() and int(part) <= last:
            return int(part)
    elif isinstance(value, dict) and part in value:
        return part
    raise PatchFailed(f"there is no {part} to look at")


def change(target, path, kind, value):
    if not path:
        return None if kind == "remove" else value
    parent, part = look(target, path[:-1]), path[-1]
    if isinstance(parent, list) and kind == "add":
        parent.insert(len(parent) if part == "-" else place(parent, part, len(parent)), value)
    elif isinstance(parent, dict) and kind == "add":
        parent[part] = value
    elif kind == "replace":
        parent[place(parent, part, len(parent) - 1)] = value
    elif kind == "remove":
        del parent[place(parent, part, len(parent) - 1)]
    else:
        raise PatchFailed(f"nothing can be added at {part}")
    return target
