"""The plug-in protocol in Python's standard library: JSON over HTTP on the unix socket named by OUTRIGGER_SOCKET."""

import json
import os
import socketserver
from http.server import BaseHTTPRequestHandler

settings = {}


def pre_create(call):
    user = (call["facts"]["client"] or {}).get("user") or "unknown"
    # A merge patch (RFC 7396): only what changes. Integers of Python are exact, whatever their size.
    return {"change": {"body": {"Labels": {settings["label"]["NAME"]: user}}}}


def validate(call):
    if call["input"]["body"].get("HostConfig", {}).get("Privileged"):
        return {"refuse": {"code": "privileged", "message": "Privileged containers are not allowed here.", "hint": "Leave --privileged away."}}
    return {}


hooks = {"container.preCreate": pre_create, "container.preCreate/validate": validate}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept

    def do_GET(self):
        if self.path != "/v1/plugin":
            return self.answer(404, {"message": "There is no such place."})
        self.answer(200, {"name": "engine-python"})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v1/settings":
            settings.clear()
            settings.update(body)
            return self.answer(204)
        hook = hooks.get(self.path.removeprefix("/v1/hooks/"))
        if hook is None:
            return self.answer(404, {"message": "There is no such place."})
        try:
            self.answer(200, hook(body))
        except Exception as error:
            self.answer(500, {"message": str(error)})

    def answer(self, status, value=None):
        text = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        if value is not None:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def address_string(self):
        return "gateway"

    def log_request(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


Server(os.environ["OUTRIGGER_SOCKET"], Handler).serve_forever()
