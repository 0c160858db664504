import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin/errors";

const table = {
  "call-body-missing": {
    status: 400,
    message: "The call came without its arguments.",
    mend: "An engine that lost its connection repeats a call with an empty body; make the call again.",
  },
  "call-body-invalid": {
    status: 400,
    message: "{field} is {found}, where {expected} is expected.",
    mend: "Send what the plug-in protocol says.",
  },
  "call-too-late": {
    status: 504,
    message: "{method} took longer than {seconds} s.",
    mend: "The call may still take effect; every method can be called again.",
  },
  "driver-answer-invalid": {
    status: 500,
    message: "The driver answered {method} with {found}, where {expected} is expected.",
    mend: "Mend the driver's method; docs/driver-plugins.md has every shape.",
  },
  "driver-interface-missing": {
    status: 422,
    message: "No interface is served.",
    mend: "Give serveDriver at least one of volume, network, ipam, authz, log and metrics.",
  },
  "driver-socket-unnamed": {
    status: 422,
    message: "The driver has no socket to listen at.",
    mend: "Give serveDriver a `name` or a `socket`, or set OUTRIGGER_DRIVER_SOCKET.",
  },
  "driver-socket-taken": {
    status: 409,
    message: "{socket} is taken: {reason}.",
    mend: "End what holds it, or choose another name.",
  },
  "log-frame-invalid": {
    status: 400,
    message: "This is no frame of a log stream: {reason}.",
    mend: "A frame is its length in four bytes, big-endian, and a LogEntry in protobuf.",
  },
  "state-file-invalid": {
    status: 500,
    message: "{file} is no state of this driver: {reason}.",
    mend: "Put the file back from a copy, or remove it and what it tells of.",
  },
  "address-invalid": {
    status: 400,
    message: "{found} is no {expected}.",
    mend: "Write it as 10.0.0.0/24 or fd00::/64; an address may stand without its length.",
  },
  "address-taken": {
    status: 409,
    message: "{address} is taken.",
    mend: "Ask for another address, or for none to get the next that is free.",
  },
  "address-outside": {
    status: 400,
    message: "{address} is not in {pool}.",
    mend: "Ask for an address of the pool that is neither its first nor, in IPv4, its last.",
  },
  "addresses-used-up": {
    status: 409,
    message: "{pool} has no free address.",
    mend: "Remove what holds addresses, or make a larger pool.",
  },
} as const;

/** The errors of drivers and of the SDK that serves them. */
export const driverSdkErrors: ErrorCatalogue<typeof table> = defineErrors(table);
