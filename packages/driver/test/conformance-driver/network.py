import os
import time

from common import Failure, bad, load, lock, required, store

endpoints = {}
pools = set()
memory = {}


def networks():
    return dict(memory) if bad("lifecycle.networks-survive") else load("networks")


def save(known):
    memory.clear()
    memory.update(known)
    store("networks", known)


def capabilities(_):
    return {"Scope": "swarm" if bad("network.capabilities") else "global", "ConnectivityScope": "local", "GwAllocChecker": True}


def create(args):
    if bad("network.retry-empty-body") and args == {}:
        return {}
    required(args, "NetworkID")
    if bad("network.create"):
        for _ in args["IPv6Data"][0]["Pool"]:
            pass
    pool = args["IPv4Data"][0]["Pool"]
    with lock:
        if pool in pools and bad("network.create-again"):
            raise Failure("the pool is in use")
        pools.add(pool)
        save({**networks(), args["NetworkID"]: pool})
    return {}


def delete(args):
    required(args, "NetworkID")
    with lock:
        known = networks()
        if args["NetworkID"] not in known and bad("network.unknown-ids"):
            os._exit(1)
        known.pop(args["NetworkID"], None)
        save(known)
    return {}


def create_endpoint(args):
    required(args, "NetworkID", "EndpointID")
    if args["NetworkID"] not in networks() and not bad("network.unknown-network"):
        raise Failure("no such network")
    endpoints[args["EndpointID"]] = True
    given = args["Interface"]
    if bad("network.endpoint-given-fields"):
        return {"Interface": given}
    mac = "not a MAC" if bad("network.endpoint-values") else "02:42:00:00:00:01"
    return {"Interface": {} if given["MacAddress"] else {"MacAddress": mac}}


def delete_endpoint(args):
    required(args, "NetworkID", "EndpointID")
    if endpoints.pop(args["EndpointID"], None) is None and bad("network.leave-twice"):
        os._exit(1)
    return {}


def info(args):
    required(args, "NetworkID", "EndpointID")
    return {"Value": "none" if bad("network.lifecycle") else {}}


def join(args):
    required(args, "NetworkID", "EndpointID", "SandboxKey")
    name = "veth" + args["EndpointID"][:7]
    if bad("network.endpoints-same-time"):
        name = f"veth{int(time.time()) // 1000}"
    if bad("network.join-answer"):
        name = "veth" + args["EndpointID"]
    return {
        "InterfaceName": {"SrcName": name, "DstPrefix": "eth"},
        "Gateway": "198.18.0.1",
        "StaticRoutes": [{"Destination": "198.19.0.0/16", "RouteType": 0, "NextHop": "198.18.0.1"}],
    }


def nothing(args):
    required(args, "NetworkID", "EndpointID")
    return {}


def program(_):
    if bad("network.external-connectivity"):
        raise Failure("not implemented")
    return {}


def allocate(args):
    if bad("network.allocate"):
        return {"Options": {"vlan": 7}}
    return {"Options": {"vlan": "7"}}


def gateway(_):
    return {"SkipIPv4": "no" if bad("network.gateway-check") else False, "SkipIPv6": False}


def discover(_):
    if bad("network.discover"):
        raise Failure("not implemented")
    return {}


calls = {
    "NetworkDriver.GetCapabilities": capabilities,
    "NetworkDriver.CreateNetwork": create,
    "NetworkDriver.DeleteNetwork": delete,
    "NetworkDriver.CreateEndpoint": create_endpoint,
    "NetworkDriver.DeleteEndpoint": delete_endpoint,
    "NetworkDriver.EndpointOperInfo": info,
    "NetworkDriver.Join": join,
    "NetworkDriver.Leave": nothing,
    "NetworkDriver.ProgramExternalConnectivity": program,
    "NetworkDriver.RevokeExternalConnectivity": program,
    "NetworkDriver.AllocateNetwork": allocate,
    "NetworkDriver.FreeNetwork": lambda _: {},
    "NetworkDriver.GwAllocCheck": gateway,
    "NetworkDriver.DiscoverNew": discover,
    "NetworkDriver.DiscoverDelete": discover,
}
