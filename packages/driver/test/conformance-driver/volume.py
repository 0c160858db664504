import os
import shutil
import time

from common import Failure, bad, load, lock, required, settings, store

mounts = {}
memory = {}


def volumes():
    return dict(memory) if bad("lifecycle.volumes-survive") else load("volumes")


def key(name):
    return name.lower() if bad("volume.names-differ-by-case") else name


def folder(name):
    return f"/volumes/{name}"


def real(name):
    return settings["root"] + folder(name)


def find(name):
    found = volumes().get(key(name))
    if found is None:
        raise Failure(f"no such volume {name[:80]}")
    return found


def capabilities(_):
    return {"Capabilities": {"Scope": "here" if bad("volume.capabilities") else "local"}}


def create(args):
    name = args.get("Name", "")
    if not (bad("volume.retry-empty-body") and name == ""):
        required(args, "Name")
    if ("/" in name or name.startswith(".")) and not bad("volume.name-escapes"):
        raise Failure("a name has no slash")
    options = args.get("Opts")
    if (options is None and bad("volume.create-null-options")) or (options == {} and bad("volume.create-empty-options")):
        raise Failure("Opts is missing")
    unknown = [option for option in options or {} if option != "size"]
    if unknown and not bad("volume.create-unknown-option"):
        raise Failure(f"there is no option {unknown[0]}")
    if bad("volume.name-long") and len(name) > 64:
        name = name[:64]
    if bad("volume.create"):
        name = name.lower()
    known = volumes()
    if bad("volume.create-same-time") and key(name) not in known:
        time.sleep(0.1)
        if key(name) in volumes():
            raise Failure("the volume exists already")
    if bad("volume.create-many"):
        time.sleep(0.1)
        known[key(name)] = {"Name": name}
        return store("volumes", known) or {}
    with lock:
        known = volumes()
        if key(name) in known:
            if bad("volume.create-idempotent"):
                raise Failure("the volume exists already")
            return {}
        known[key(name)] = {"Name": name}
        if bad("lifecycle.volumes-survive"):
            memory.update(known)
        else:
            store("volumes", known)
        os.makedirs(settings["root"] + "/volumes", exist_ok=True)
        if not bad("volume.name-escapes"):
            os.makedirs(real(name), exist_ok=True)
    return {}


def get(args):
    if bad("volume.retry-empty-body-others") and not args.get("Name"):
        return {"Volume": {"Name": ""}}
    required(args, "Name")
    if bad("volume.get-missing"):
        return {"Volume": {"Name": args["Name"]}}
    found = dict(find(args["Name"]))
    found["CreatedAt"] = "yesterday" if bad("volume.get-created-at") else "2026-01-02T03:04:05Z"
    found["Status"] = "fine" if bad("volume.get-status") else {"size": 1}
    if mounts.get(args["Name"]):
        found["MountPoint" if bad("volume.case") else "Mountpoint"] = path_of(args["Name"])
    return {"volume": found} if bad("volume.case") else {"Volume": found}


def list_all(_):
    found = list(volumes().values())
    if bad("volume.list"):
        found = found[:1]
    return {"Volumes": found}


def path_of(name):
    return folder(name) if not bad("volume.mount") else "volumes/" + name


def path(args):
    required(args, "Name")
    find(args["Name"])
    held = mounts.get(args["Name"])
    if bad("volume.path") and not held:
        raise Failure("the volume is not mounted")
    if bad("volume.name-escapes"):
        return {"Mountpoint": os.path.normpath(folder(args["Name"]))}
    if bad("volume.mount-path-agrees") and held:
        return {"Mountpoint": "/elsewhere"}
    return {"Mountpoint": path_of(args["Name"]) if held else ""}


def mount(args):
    name, user = args.get("Name", ""), args.get("ID", "")
    if not (bad("volume.mount-missing")):
        required(args, "Name", "ID")
        find(name)
    with lock:
        held = mounts.setdefault(name, [])
        if bad("lifecycle.mounts-survive"):
            marker = settings["state"] + "/mounted-" + name
            if os.path.exists(marker) and not held:
                raise Failure("the volume is mounted already")
            open(marker, "w").close()
        if user not in held or bad("volume.mount-repeated"):
            held.append(user)
        if bad("volume.mountpoint-exists"):
            shutil.rmtree(real(name))
    if bad("volume.mount-same-time"):
        time.sleep(0.1)
        if len(held) > 1:
            return {"Mountpoint": f"{folder(name)}/{len(held)}"}
    return {"Mountpoint": path_of(name)}


def unmount(args):
    required(args, "Name", "ID")
    name = args["Name"]
    find(name)
    with lock:
        held = mounts.get(name, [])
        if args["ID"] in held:
            held.remove(args["ID"])
        elif bad("volume.unmount-unknown"):
            shutil.rmtree(real(name))
        if bad("volume.mount-counted"):
            shutil.rmtree(real(name))
        if bad("volume.data-stays"):
            shutil.rmtree(real(name))
            os.makedirs(real(name))
    return {}


def remove(args):
    required(args, "Name")
    name = args["Name"]
    with lock:
        known = volumes()
        if key(name) not in known:
            if bad("volume.remove-twice"):
                os._exit(1)
            raise Failure("no such volume")
        if mounts.get(name) and not bad("volume.remove-mounted"):
            raise Failure("the volume is mounted")
        if not bad("volume.remove"):
            for other in [other for other in known if other == key(name) or (bad("volume.remove-others-stay") and other.startswith(name))]:
                del known[other]
        memory.clear()
        memory.update(known)
        store("volumes", known)
        if bad("volume.remove-keeps-files"):
            shutil.rmtree(settings["root"] + "/volumes")
        if not bad("volume.name-escapes"):
            shutil.rmtree(real(name), ignore_errors=True)
    return {}


calls = {
    "VolumeDriver.Capabilities": capabilities,
    "VolumeDriver.Create": create,
    "VolumeDriver.Get": get,
    "VolumeDriver.List": list_all,
    "VolumeDriver.Path": path,
    "VolumeDriver.Mount": mount,
    "VolumeDriver.Unmount": unmount,
    "VolumeDriver.Remove": remove,
}
