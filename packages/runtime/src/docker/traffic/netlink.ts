/** Netlink messages to the kernel's nf_tables (linux/netlink.h, linux/netfilter/nf_tables.h), as far as redirects need them. */

export const table = "outrigger";

const [batchBegin, batchEnd, nfTables, newTable, deleteTable, newChain, newRule] = [0x10, 0x11, 10, 0, 2, 3, 6];
const [anyFamily, ipv4] = [0, 2];
const [request, create, append] = [1, 0x400, 0x800];
const register = 1;

export interface Chain {
  readonly name: string;
  readonly type: "nat" | "filter";
  readonly hook: "prerouting" | "input" | "output";
  readonly priority: number;
  readonly rules: readonly (readonly Buffer[])[];
}

const hooks: Readonly<Record<Chain["hook"], number>> = { prerouting: 0, input: 1, output: 3 };

/** One transaction after which the table has these chains and nothing else; without chains it is gone. */
export function tableMessages(chains: readonly Chain[]): Buffer {
  const named = [text(1, table)];
  return Buffer.concat([
    message(batchBegin, 0, anyFamily, nfTables, []),
    // Made first, since a table that is not there can't be deleted.
    message(nfTables * 256 + newTable, create, ipv4, 0, named),
    message(nfTables * 256 + deleteTable, 0, ipv4, 0, named),
    ...(chains.length === 0 ? [] : [message(nfTables * 256 + newTable, create, ipv4, 0, named)]),
    ...chains.flatMap(({ name, type, hook, priority, rules }) => [
      message(nfTables * 256 + newChain, create, ipv4, 0, [
        ...named,
        text(3, name),
        nested(4, [number(1, hooks[hook]), number(2, priority)]),
        text(7, type),
      ]),
      ...rules.map((expressions) =>
        message(nfTables * 256 + newRule, create | append, ipv4, 0, [...named, text(2, name), nested(4, expressions)]),
      ),
    ]),
    message(batchEnd, 0, anyFamily, nfTables, []),
  ]);
}

/** What rules ask of a packet: its meta data, or bytes of its head. */
export const meta: Readonly<Record<"inputInterface" | "user" | "transport", Buffer>> = {
  inputInterface: expression("meta", [number(1, register), number(2, 4)]),
  user: expression("meta", [number(1, register), number(2, 10)]),
  transport: expression("meta", [number(1, register), number(2, 16)]),
};
const [networkHead, transportHead] = [1, 2];
export const head: Readonly<Record<"sourceAddress" | "destinationAddress" | "destinationPort", Buffer>> = {
  sourceAddress: payload(networkHead, 12, 4),
  destinationAddress: payload(networkHead, 16, 4),
  destinationPort: payload(transportHead, 2, 2),
};

function payload(base: number, offset: number, length: number): Buffer {
  return expression("payload", [number(1, register), number(2, base), number(3, offset), number(4, length)]);
}

/** Goes on with the rule only where what was asked last is this. */
export function is(value: Buffer): Buffer {
  return compare(0, value);
}

/** Goes on with the rule only where what was asked last is not this. */
export function isNot(value: Buffer): Buffer {
  return compare(1, value);
}

function compare(operator: number, value: Buffer): Buffer {
  return expression("cmp", [number(1, register), number(2, operator), nested(3, [attribute(1, value)])]);
}

export function redirectTo(port: number): readonly Buffer[] {
  return [
    expression("immediate", [number(1, register), nested(2, [attribute(1, short(port))])]),
    expression("redir", [number(1, register)]),
  ];
}

/** Refuses as a closed port does: with a reset for TCP, else with "port unreachable". */
export function refuse(tcp: boolean): Buffer {
  return expression("reject", tcp ? [number(1, 1)] : [number(1, 0), attribute(2, Buffer.from([3]))]);
}

export function drop(): Buffer {
  const [verdictRegister, verdict, dropped] = [0, 2, 0];
  return expression("immediate", [number(1, verdictRegister), nested(2, [nested(verdict, [number(1, dropped)])])]);
}

function expression(name: string, data: readonly Buffer[]): Buffer {
  return nested(1, [text(1, name), nested(2, data)]);
}

/** A netlink message: its head, netfilter's head, then attributes. Heads are in the machine's order (little endian on both that we run on). */
function message(type: number, flags: number, family: number, resource: number, attributes: readonly Buffer[]): Buffer {
  const body = Buffer.concat(attributes);
  const bytes = Buffer.alloc(20);
  bytes.writeUInt32LE(bytes.length + body.length, 0);
  bytes.writeUInt16LE(type, 4);
  bytes.writeUInt16LE(request | flags, 6);
  bytes.writeUInt8(family, 16);
  bytes.writeUInt16BE(resource, 18);
  return Buffer.concat([bytes, body]);
}

/** An attribute: length, type, value, filled up to four bytes. */
function attribute(type: number, value: Buffer): Buffer {
  const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  padded.writeUInt16LE(4 + value.length, 0);
  padded.writeUInt16LE(type, 2);
  value.copy(padded, 4);
  return padded;
}

function nested(type: number, attributes: readonly Buffer[]): Buffer {
  const nestedFlag = 0x8000;
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

/** A port as it stands in packets. */
export function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** A number as the kernel keeps it. */
export function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
