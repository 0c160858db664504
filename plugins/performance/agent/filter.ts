/** What the kernel's filter needs to know of a port. */
export interface FilteredPort {
  readonly port: number;
  /** Percent of the connections. */
  readonly sampling: number;
}

/**
 * The capture's filter in tcpdump's language: segments between callers and the given ports at the pod's own addresses that carry data, open or end a
 * connection. Mere acknowledgements and connections outside the sample never leave the kernel. Undefined: nothing is to be captured.
 */
export function captureFilter(ports: readonly FilteredPort[], addresses: readonly string[]): string | undefined {
  const v4 = addresses.filter((address) => !address.includes(":"));
  const v6 = addresses.filter((address) => address.includes(":"));
  if (ports.length === 0 || addresses.length === 0) return undefined;
  const parts = [
    ...(v4.length === 0
      ? []
      : [`ip and tcp and (${either(ports, v4, "tcp", 0)}) and (${telling("tcp[13]", "ip[2:2]", "((ip[0] & 15) << 2)", "tcp[12]")})`]),
    // The language knows tcp[...] over IPv4 only; over IPv6 the head has 40 bytes where there are no extensions.
    ...(v6.length === 0
      ? []
      : [`ip6 and ip6[6] == 6 and (${either(ports, v6, "ip6", 40)}) and (${telling("ip6[53]", "ip6[4:2]", "0", "ip6[52]")})`]),
  ];
  return parts.map((part) => `(${part})`).join(" or ");
}

function either(ports: readonly FilteredPort[], addresses: readonly string[], header: string, offset: number): string {
  const hosts = (side: string): string => addresses.map((address) => `${side} host ${address}`).join(" or ");
  return ports
    .flatMap(({ port, sampling }) => [
      `((${hosts("dst")}) and ${header}[${offset + 2}:2] == ${port}${sample(`${header}[${offset}:2]`, sampling)})`,
      `((${hosts("src")}) and ${header}[${offset}:2] == ${port}${sample(`${header}[${offset + 2}:2]`, sampling)})`,
    ])
    .join(" or ");
}

/** Chooses connections by the caller's port, which is as good as random once multiplied by an odd number (Knuth's, 2^16 divided by the golden ratio). */
function sample(callerPort: string, sampling: number): string {
  return sampling >= 100 ? "" : ` and ((${callerPort} * 40503) & 0xffff) < ${Math.round((0x10000 * sampling) / 100)}`;
}

/** FIN, SYN or RST is set, or there is data. */
function telling(flags: string, total: string, ipHead: string, tcpHead: string): string {
  return `${flags} & 7 != 0 or ${total} - ${ipHead} - ((${tcpHead} & 0xf0) >> 2) != 0`;
}
