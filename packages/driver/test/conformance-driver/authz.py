import base64
import re
import time

from common import Failure, bad, required

busy = 0


def request(args):
    global busy
    if bad("authz.retry-empty-body") and args == {}:
        return {"Allow": True}
    required(args, "RequestMethod", "RequestUri")
    if bad("authz.fields-missing"):
        args["RequestHeaders"]["User-Agent"]
    if bad("authz.certificates") and args.get("RequestPeerCertificates"):
        args["RequestPeerCertificates"]["subject"]
    if bad("authz.big-body") and len(args.get("RequestBody", "")) > 1_000_000:
        raise Failure("the request is too large")
    if bad("authz.same-time"):
        busy += 1
        time.sleep(0.2)
        busy -= 1
        if busy > 0:
            raise Failure("busy")
    body = base64.b64decode(args.get("RequestBody", ""), validate=True)
    path = re.sub("^/v1\\.41" if bad("authz.path-variants") else "^/v[0-9.]+", "", args["RequestUri"].split("?")[0])
    if path == "/containers/create" and b'"Privileged":true' in body:
        return {"Allow": False, "Msg": "" if bad("authz.reason") else "privileged containers are not allowed"}
    return {"Allow": "true" if bad("authz.request") else True}


def response(args):
    if bad("authz.retry-empty-body") and args == {}:
        return {"Allow": True}
    required(args, "RequestMethod", "RequestUri")
    if bad("authz.response"):
        return {"Allow": True, "Err": "no policy for answers"}
    return {"Allow": True}


calls = {"AuthZPlugin.AuthZReq": request, "AuthZPlugin.AuthZRes": response}
