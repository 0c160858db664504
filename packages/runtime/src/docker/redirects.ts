import type { PodPort } from "@outrigger/pod";

/**
 * Netlink messages (linux/netlink.h, linux/netfilter/nf_tables.h) that lay down, in the pod's own network, what
 *
 *     table ip outrigger { chain entry { type nat hook prerouting priority -100; tcp dport PORT redirect to :ENTRY } }
 *
 * says: who calls a port from outside the pod comes to the ingress plug-in that has taken it over. Traffic within the pod does not pass this
 * hook, so the plug-in reaches the app at the port itself. Undefined when no port is taken over.
 */
export function redirectMessages(ports: readonly PodPort[]): Buffer | undefined {
  const rules = ports.flatMap((port) => (port.entry === undefined ? [] : [rule(port, port.entry)]));
  if (rules.length === 0) return undefined;
  return Buffer.concat([
    message(batchBegin, 0, netfilterAny, nfTables, []),
    message(nfTables * 256 + newTable, create, ipv4, 0, [text(1, table)]),
    message(nfTables * 256 + newChain, create, ipv4, 0, [
      text(1, table),
      text(3, chain),
      nested(4, [number(1, hookPrerouting), number(2, priorityDestinationNat)]),
      text(7, "nat"),
    ]),
    ...rules,
    message(batchEnd, 0, netfilterAny, nfTables, []),
  ]);
}

const [table, chain] = ["outrigger", "entry"];
const [batchBegin, batchEnd, nfTables, newTable, newChain, newRule] = [0x10, 0x11, 10, 0, 3, 6];
const [netfilterAny, ipv4] = [0, 2];
const [request, create, append] = [1, 0x400, 0x800];
const [hookPrerouting, priorityDestinationNat] = [0, -100];
const [register, metaTransport, equal, transportHeader] = [1, 16, 0, 2];
const transports: Readonly<Record<string, number>> = { udp: 17, sctp: 132 };
const tcp = 6;

function rule({ port, protocol }: PodPort, entry: number): Buffer {
  const compare = (value: Buffer): Buffer => expression("cmp", [number(1, register), number(2, equal), nested(3, [attribute(1, value)])]);
  return message(nfTables * 256 + newRule, create | append, ipv4, 0, [
    text(1, table),
    text(2, chain),
    nested(4, [
      expression("meta", [number(1, register), number(2, metaTransport)]),
      compare(Buffer.from([transports[protocol] ?? tcp])),
      // The destination port: two bytes from the third on.
      expression("payload", [number(1, register), number(2, transportHeader), number(3, 2), number(4, 2)]),
      compare(short(port)),
      expression("immediate", [number(1, register), nested(2, [attribute(1, short(entry))])]),
      expression("redir", [number(1, register)]),
    ]),
  ]);
}

function expression(name: string, data: readonly Buffer[]): Buffer {
  return nested(1, [text(1, name), nested(2, data)]);
}

/** A netlink message: its head, netfilter's head, then attributes. Heads are in the machine's order (little endian on both that we run on). */
function message(type: number, flags: number, family: number, resource: number, attributes: readonly Buffer[]): Buffer {
  const body = Buffer.concat(attributes);
  const head = Buffer.alloc(20);
  head.writeUInt32LE(head.length + body.length, 0);
  head.writeUInt16LE(type, 4);
  head.writeUInt16LE(request | flags, 6);
  head.writeUInt8(family, 16);
  head.writeUInt16BE(resource, 18);
  return Buffer.concat([head, body]);
}

/** An attribute: length, type, value, filled up to four bytes. */
function attribute(type: number, value: Buffer): Buffer {
  const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  padded.writeUInt16LE(4 + value.length, 0);
  padded.writeUInt16LE(type, 2);
  value.copy(padded, 4);
  return padded;
}

const nestedFlag = 0x8000;

function nested(type: number, attributes: readonly Buffer[]): Buffer {
  return attribute(type | nestedFlag, Buffer.concat(attributes));
}

function text(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`));
}

function number(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return attribute(type, bytes);
}

function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
