import { assembleScript, type Step } from "./infra-program.ts";
import { type Chain, drop, head, is, isNot, meta, redirectTo, refuse, short, tableMessages, word } from "./netlink.ts";
import type { TakenPort, Ways } from "./ways.ts";

/** How who calls a guarded port is turned away: not every kernel can say no. */
export type Refusal = "refuse" | "drop";

/**
 * The rules for a pod's network that
 *
 *     table ip outrigger {
 *       chain entry { type nat hook prerouting priority -100; ip saddr HOST tcp dport DOOR redirect to :PORT; tcp dport PORT redirect to :ENTRY }
 *       chain guard { type filter hook input priority 0; iif != lo ip saddr != HOST tcp dport INNER reject with tcp reset }
 *       chain detour { type nat hook output priority -100; meta skuid != USER ip daddr ADDRESS tcp dport PORT redirect to :LISTEN }
 *     }
 *
 * says, and only the chains that have rules. Traffic within the pod does not pass `entry`, so a plug-in reaches the app at the port itself. The
 * host passes the guard, since its probes must reach every plug-in, and no pod has its address.
 */
export function chainsOf({ ports, detours, host }: Ways, refusal: Refusal): readonly Chain[] {
  const chains: readonly Chain[] = [
    {
      name: "entry",
      type: "nat",
      hook: "prerouting",
      priority: -100,
      rules: ports.flatMap((taken) => [
        ...(taken.door === undefined
          ? []
          : [[head.sourceAddress, is(address(host)), ...toPort(taken.protocol, taken.door), ...redirectTo(taken.port)]]),
        ...(taken.entry === undefined ? [] : [[...toPort(taken.protocol, taken.port), ...redirectTo(taken.entry)]]),
      ]),
    },
    { name: "guard", type: "filter", hook: "input", priority: 0, rules: ports.flatMap((taken) => guards(taken, host, refusal)) },
    {
      name: "detour",
      type: "nat",
      hook: "output",
      priority: -100,
      rules: detours.flatMap(({ addresses, port, protocol, listen, exceptUsers }) =>
        addresses.map((each) => [
          ...exceptUsers.flatMap((user) => [meta.user, isNot(word(user))]),
          head.destinationAddress,
          is(address(each)),
          ...toPort(protocol, port),
          ...redirectTo(listen),
        ]),
      ),
    },
  ];
  return chains.filter(({ rules }) => rules.length > 0);
}

function guards({ protocol, inner = [] }: TakenPort, host: string, refusal: Refusal): readonly (readonly Buffer[])[] {
  const loopback = word(1);
  return inner.map((port) => [
    meta.inputInterface,
    isNot(loopback),
    head.sourceAddress,
    isNot(address(host)),
    ...toPort(protocol, port),
    refusal === "drop" ? drop() : refuse(transportOf(protocol) === tcp),
  ]);
}

const tcp = 6;

function transportOf(protocol: TakenPort["protocol"]): number {
  if (protocol === "udp") return 17;
  return protocol === "sctp" ? 132 : tcp;
}

function toPort(protocol: TakenPort["protocol"], port: number): readonly Buffer[] {
  return [meta.transport, is(Buffer.from([transportOf(protocol)])), head.destinationPort, is(short(port))];
}

function address(text: string): Buffer {
  return Buffer.from(text.split(".").map(Number));
}

/** Exit codes of the script. */
export const redirectsFailure = { socket: 2, send: 3, refused: 4 } as const;

/** The script by which the infra program replaces whatever is laid in its network by these chains, at once or not at all. @throws engine-architecture */
export function redirectsScript(architecture: string, chains: readonly Chain[]): Buffer {
  const messages = tableMessages(chains);
  const [netlink, raw, netfilter, dontWait, answerSize, nothingThere] = [16, 3, 12, 0x40, 65_536, -11];
  // The script itself is 3, beside standard input, output and error.
  const socket = 4;
  const steps: readonly Step[] = [
    { call: "socket", arguments: [netlink, raw, netfilter], expected: socket, failure: redirectsFailure.socket },
    { call: "sendto", arguments: [socket, messages, messages.length, 0, 0, 0], expected: messages.length, failure: redirectsFailure.send },
    // The kernel answers only what it refuses.
    {
      call: "recvfrom",
      arguments: [socket, Buffer.alloc(answerSize), answerSize, dontWait, 0, 0],
      expected: nothingThere,
      failure: redirectsFailure.refused,
    },
    { call: "exit_group", arguments: [0], expected: 0, failure: 0 },
  ];
  return assembleScript(architecture, steps);
}
