import ipaddress
import time

from common import Failure, bad, load, lock, required, store

memory = {}


def pools():
    return memory if bad("lifecycle.addresses-survive") else load("pools")


def save(known):
    store("pools", known)


def capabilities(_):
    return {"RequiresMACAddress": "yes" if bad("ipam.capabilities") else True}


def spaces(_):
    return {"LocalDefaultAddressSpace": "" if bad("ipam.address-spaces") else "local", "GlobalDefaultAddressSpace": "global"}


def request_pool(args):
    wanted = args["Pool"]
    with lock:
        known = pools()
        if wanted == "":
            free = (f"198.18.{third}.0/24" for third in range(1, 250))
            wanted = "198.18.9.0/24" if bad("ipam.pool-any") else next(pool for pool in free if pool not in known)
        try:
            ipaddress.ip_network(wanted)
        except ValueError:
            raise Failure("the pool is no network")
        if wanted in known and not bad("ipam.pool-any"):
            raise Failure("the pool is held")
        known[wanted] = {"range": args["SubPool"] or wanted, "held": []}
        save(known)
    return {"PoolID": wanted, "Pool": "198.19.255.0/24" if bad("ipam.pool") else wanted, "Data": {}}


def release_pool(args):
    required(args, "PoolID")
    with lock:
        known = pools()
        if not bad("ipam.release"):
            known.pop(args["PoolID"], None)
        save(known)
    return {}


def request_address(args):
    if bad("ipam.retry-empty-body") and args == {}:
        return {"Address": "198.18.0.9/24"}
    required(args, "PoolID")
    if bad("ipam.lifecycle") and args["Options"] is None:
        raise Failure("Options is missing")
    gateway = (args["Options"] or {}).get("RequestAddressType") == "com.docker.network.gateway"
    known = pools()
    pool = known.get(args["PoolID"])
    if pool is None:
        if bad("ipam.unknown-ids"):
            return {"Address": "198.18.0.9/24"}
        raise Failure("no such pool")
    if bad("ipam.addresses-same-time"):
        time.sleep(0.1)
    with lock:
        if not bad("ipam.addresses-same-time"):
            known = pools()
            pool = known[args["PoolID"]]
        network = ipaddress.ip_network(args["PoolID"] if bad("ipam.sub-pool") else pool["range"])
        wanted = args["Address"]
        if wanted == "":
            wanted = next(str(host) for host in network.hosts() if str(host) not in pool["held"])
        elif wanted in pool["held"] and not bad("ipam.address-wanted"):
            raise Failure("the address is held")
        pool["held"].append(wanted)
        save(known)
    length = args["PoolID"].split("/")[1]
    if bad("ipam.gateway") and gateway or bad("ipam.address-in-pool") and not gateway:
        length = "32"
    return {"Address": f"{wanted}/{length}", "Data": {}}


def release_address(args):
    required(args, "PoolID", "Address")
    with lock:
        known = pools()
        held = known.get(args["PoolID"], {}).get("held", [])
        if args["Address"] in held:
            held.remove(args["Address"])
        save(known)
    return {}


calls = {
    "IpamDriver.GetCapabilities": capabilities,
    "IpamDriver.GetDefaultAddressSpaces": spaces,
    "IpamDriver.RequestPool": request_pool,
    "IpamDriver.ReleasePool": release_pool,
    "IpamDriver.RequestAddress": request_address,
    "IpamDriver.ReleaseAddress": release_address,
}
