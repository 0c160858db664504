import os
import select
import struct
import threading
import time
from datetime import datetime

from common import Failure, bad, lock, required, settings

streams = {}
entries = {}


class Stream:
    def __init__(self, file, container):
        self.container = container
        self.ending = threading.Event()
        self.pipe = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
        self.held = b""
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        if bad("log.drains") or bad("log.same-time") and len(streams) > 3:
            self.ending.wait()
            return
        while not self.ending.is_set():
            if bad("log.stop-drains"):
                self.ending.wait(0.5)
            elif select.select([self.pipe], [], [], 0.02)[0]:
                self.drain()
        if not bad("log.stop-drains"):
            self.drain()
        os.close(self.pipe)

    def drain(self):
        while True:
            try:
                piece = os.read(self.pipe, 65536)
            except BlockingIOError:
                return
            if not piece:
                return
            self.held += piece
            self.frames()

    def frames(self):
        while len(self.held) >= 4:
            end = 4 + struct.unpack(">I", self.held[:4])[0]
            if bad("log.partial") and end > 16384:
                raise Failure("the frame is longer than the buffer")
            if len(self.held) < end:
                return
            entries.setdefault(self.container, []).append(self.held[:end])
            self.held = self.held[end:]


def varint(value):
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def fields(frame):
    """The entry's fields, by their number."""
    at, found = 4, {}

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = frame[at]
            value |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                return value

    while at < len(frame):
        key = number()
        value = number()
        if key & 7 == 2:
            at, value = at + value, frame[at : at + value]
        found[key >> 3] = value
    return found


def readable(frame):
    """The entry as ReadLogs gives it: a line that ends has its newline."""
    found = fields(frame)
    last = not found.get(4) or fields(b"0000" + found[5]).get(1)
    line = found.get(3, b"") + (b"\n" if last and not bad("log.read") else b"")
    if bad("log.read-partial") and found.get(4):
        line = found.get(3, b"") + b"\n"
    entry = b"\x0a" + varint(len(found[1])) + found[1] + b"\x10" + varint(found[2]) + b"\x1a" + varint(len(line)) + line
    return struct.pack(">I", len(entry)) + entry


def start(args):
    if bad("log.retry-empty-body") and args == {}:
        return {}
    required(args, "File", "Info")
    file = settings["root"] + args["File"]
    if bad("log.start"):
        for _ in args["Info"]["ContainerEnv"]:
            pass
    if not os.path.exists(file):
        while bad("log.start-missing-file"):
            time.sleep(1)
        raise Failure("no such file")
    with lock:
        streams[args["File"]] = Stream(file, args["Info"]["ContainerID"])
    return {}


def stop(args):
    required(args, "File")
    stream = streams.get(args["File"])
    if stream is None:
        if bad("log.stop-unknown"):
            os._exit(1)
        return {}
    stream.ending.set()
    if not bad("log.stop-drains"):
        stream.thread.join()
    del streams[args["File"]]
    return {}


def nanoseconds(text):
    return 0 if text.startswith("0001-") else int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1e6) * 1000


def read(args):
    container, config = args["Info"]["ContainerID"], args["Config"]
    since, until = nanoseconds(config["Since"]), nanoseconds(config["Until"])
    if bad("log.read-since"):
        since = until = 0

    def live():
        return any(stream.container == container for stream in streams.values())

    def produce(write):
        kept = [frame for frame in entries.get(container, []) if fields(frame)[2] >= since and (until == 0 or fields(frame)[2] <= until)]
        seen = len(entries.get(container, []))
        if config["Tail"] >= 0 and not bad("log.read-tail"):
            kept = kept[len(kept) - config["Tail"] :] if config["Tail"] else []
        for frame in kept:
            write(readable(frame))
        while config["Follow"] and (live() or bad("log.read-follow-ends")):
            time.sleep(0.02)
            for frame in entries.get(container, [])[seen:]:
                if not bad("log.read-follow"):
                    write(readable(frame))
                seen += 1

    return produce


calls = {
    "LogDriver.Capabilities": lambda _: {"ReadLogs": True} if bad("log.capabilities") else {"Cap": {"ReadLogs": True}},
    "LogDriver.StartLogging": start,
    "LogDriver.StopLogging": stop,
    "LogDriver.ReadLogs": read,
}
