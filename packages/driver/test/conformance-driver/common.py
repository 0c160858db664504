import json
import os
import threading

settings = {}
lock = threading.RLock()


class Failure(Exception):
    pass


def bad(defect):
    return settings["defect"] == defect


def load(name):
    """State of a service, from the disk; the values survive the process."""
    try:
        with open(os.path.join(settings["state"], name + ".json")) as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def store(name, value):
    path = os.path.join(settings["state"], name + ".json")
    with open(path + ".new", "w") as file:
        json.dump(value, file)
    os.rename(path + ".new", path)


def required(args, *keys):
    for key in keys:
        if not args.get(key):
            raise Failure(f"{key} is missing")
