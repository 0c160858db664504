#!/usr/bin/env python3
"""A cluster plug-in in Python: refuses to go on where a host has too little room. Needs nothing but Python's own library."""
import json
import sys

TYPE = "DISK_SPACE"


def send(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def log(text, level="info"):
    send({"method": "log", "params": {"level": level, "text": text}})


asked = 0


def ask(method, params):
    """Asks the runner and waits for its answer. Whatever else it says meanwhile can only be that the call is cancelled."""
    global asked
    asked += 1
    send({"id": asked, "method": method, "params": params})
    for line in sys.stdin:
        message = json.loads(line)
        if message.get("method") == "cancel":
            raise RuntimeError("cancelled")
        if message.get("id") == asked:
            if "error" in message:
                raise RuntimeError(message["error"]["message"])
            return message["result"]
    raise SystemExit(0)


def problems_of(data):
    if isinstance(data, dict) and isinstance(data.get("gigabytes"), (int, float)) and set(data) <= {"gigabytes", "path"}:
        return []
    return ["data is `gigabytes: NUMBER`, and `path: FOLDER` where it is not /var/lib."]


def run(call):
    data = call["data"]
    path = data.get("path", "/var/lib")
    small = []
    for host in call["hosts"]:
        script = 'df --output=avail --block-size=1M -- "$FOLDER" | tail -n 1'
        output = ask("exec", {"host": host["ip"], "script": script, "env": {"FOLDER": path}})
        if output["exit"] != 0:
            raise RuntimeError(f'{host["ip"]}: {output["stderr"].strip()}')
        free = int(output["stdout"]) / 1024
        log(f'{host["ip"]} has {free:.1f} GiB free under {path}')
        if free < data["gigabytes"]:
            small.append(host["ip"])
    if small:
        raise RuntimeError(f'less than {data["gigabytes"]} GiB free under {path} on {", ".join(small)}')


def answer(method, params):
    if method == "hello":
        return {"protocol": 1, "type": TYPE, "validate": True, "undo": False}
    if method == "validate":
        return {"problems": problems_of(params["data"])}
    if method == "run":
        run(params)
        return {}
    raise RuntimeError(f"there is no {method}")


for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    try:
        send({"id": message["id"], "result": answer(message["method"], message.get("params"))})
    except Exception as error:
        send({"id": message["id"], "error": {"code": 1, "message": str(error)}})
