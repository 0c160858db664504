"""A driver of every interface in Python's standard library. With --defect ID it has one defect, which the check ID must find."""
import argparse
import json
import os
import signal
import socket
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler

import authz
import ipam
import log
import network
import volume
from common import Failure, bad, settings

parser = argparse.ArgumentParser()
parser.add_argument("--socket", required=True)
parser.add_argument("--state", required=True)
parser.add_argument("--root", required=True)
parser.add_argument("--defect", default="")
options = parser.parse_args()
settings.update(defect=options.defect, state=options.state, root=options.root)

collecting = []
activations = 0
busy = 0


def activate(_):
    global activations
    activations += 1
    if bad("activation.answers"):
        raise Failure("not yet")
    names = ["VolumeDriver", "NetworkDriver", "IpamDriver", "authz", "LogDriver", "MetricsCollector"]
    if bad("activation.names-known"):
        names.append("StorageDriver")
    if bad("activation.repeated") and activations > 1:
        names.pop()
    return {"Implements": names}


def start_metrics(_):
    if bad("metrics.start") or (bad("metrics.repeated") and collecting):
        raise Failure("collecting already")
    collecting.append(True)
    return {}


def stop_metrics(_):
    if bad("metrics.stop"):
        raise Failure("can't stop")
    collecting.clear()
    return {}


calls = {
    "Plugin.Activate": activate,
    "MetricsCollector.StartMetrics": start_metrics,
    "MetricsCollector.StopMetrics": stop_metrics,
    **volume.calls,
    **network.calls,
    **ipam.calls,
    **authz.calls,
    **log.calls,
}
without_body = {
    "Plugin.Activate",
    "NetworkDriver.GetCapabilities",
    "IpamDriver.GetCapabilities",
    "IpamDriver.GetDefaultAddressSpaces",
    "LogDriver.Capabilities",
    "MetricsCollector.StartMetrics",
    "MetricsCollector.StopMetrics",
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def address_string(self):
        return "socket"

    def log_message(self, *_):
        pass

    def do_POST(self):
        global busy
        busy += 1
        try:
            self.answer()
        finally:
            busy -= 1

    def answer(self):
        method = self.path[1:]
        length = int(self.headers.get("Content-Length", "0"))
        if bad("http.large-body") and length > 100_000:
            self.close_connection = True
            return
        body = self.rfile.read1(length) if bad("http.pieces") else self.rfile.read(length)
        if len(body) < length and bad("http.hang-up"):
            os._exit(1)
        host = self.headers.get("Host")
        if (host == "" and bad("http.host-empty")) or (host == "plugin.moby.localhost" and bad("http.host-named")):
            return self.send(400, b"")
        if bad("http.alive"):
            self.close_connection = True
            return
        if bad("http.many-connections"):
            if busy > 10:
                self.close_connection = True
                return
            time.sleep(0.3)
        if bad("http.quick"):
            time.sleep(2.2)
        call = calls.get(method)
        if call is None:
            status = 200 if bad("http.unknown-method") else 501 if bad("http.unknown-method-404") else 404
            return self.send(status, b'{"Err":"no such method"}' if status != 200 else b"{}")
        try:
            args = self.arguments(method, body)
            result = call(args)
            if callable(result):
                return self.stream(result)
            self.send(200, json.dumps(result).encode())
        except Failure as failure:
            self.fail(method, failure)
        except Exception as error:
            if bad("http.malformed-json"):
                return self.send(200, b"{}")
            if bad("authz.malformed") and method.startswith("AuthZ"):
                return self.send(200, b'{"Allow":true}')
            self.send(400, json.dumps({"Err": f"the request can't be read: {error!r}"}).encode())

    def arguments(self, method, body):
        if method in without_body:
            return {}
        if body == b"" and any(bad(f"{suite}.retry-empty-body") for suite in ("network", "ipam", "authz", "log")):
            return {}
        if body == b"" and (bad("volume.retry-empty-body") or bad("volume.retry-empty-body-others")):
            return {"Name": "", "ID": "", "Opts": None}
        args = json.loads(body)
        if not isinstance(args, dict):
            raise Failure("the request is no object")
        return args

    def fail(self, method, failure):
        if bad("http.error-told"):
            return self.send(500, b"")
        if method.startswith("IpamDriver.") and not bad("ipam.error-key"):
            return self.send(200, json.dumps({"Error": str(failure)}).encode())
        status = 500 if bad("volume.get-missing-status") or method.split(".")[0] in ("Plugin", "MetricsCollector") else 200
        self.send(status, json.dumps({"Err": str(failure)}).encode())

    def send(self, status, body):
        self.send_response(status)
        kind = "text/plain" if bad("http.content-type") else "application/vnd.docker.plugins.v1.2+json"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        if bad("http.reuse"):
            self.close_connection = True

    def stream(self, produce):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

        def write(piece):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()

        self.wfile.flush()
        produce(write)
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


def stop(*_):
    if bad("lifecycle.stop"):
        return
    if bad("lifecycle.stop-soon"):
        time.sleep(1.5)
    os._exit(0)


signal.signal(signal.SIGTERM, stop)
if bad("lifecycle.listens") and os.path.exists(options.state + "/started"):
    sys.exit("started once already")
os.makedirs(options.state, exist_ok=True)
open(options.state + "/started", "w").close()
if bad("lifecycle.listens-soon"):
    time.sleep(0.8)
if os.path.exists(options.socket) and not bad("lifecycle.restart-after-kill"):
    os.unlink(options.socket)
Server(options.socket, Handler).serve_forever()
