/** How one port is to be watched. */
export interface PortSettings {
  /** As callers know it. */
  readonly port: number;
  readonly protocol: string;
  readonly enabled: boolean;
  /** Percent of the connections. */
  readonly sampling: number;
  readonly slowMs: number;
}

/** Reads the settings from what discovery serves. @throws TypeError that names the port and what is wrong with it */
export function readSettings(document: unknown): readonly PortSettings[] {
  const ports = asRecord(document)["base_ports"];
  if (!Array.isArray(ports)) throw new TypeError("the settings have no list base_ports");
  return ports.map((each: unknown) => {
    const entry = asRecord(each);
    const options = asRecord(entry["options"]);
    const port = entry["origin_port"] ?? entry["port"];
    if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65_535) throw new TypeError(`${String(port)} is no port`);
    return {
      port,
      protocol: String(entry["protocol"] ?? "tcp"),
      enabled: truth(port, options["ENABLED"] ?? "true"),
      sampling: whole(port, "SAMPLING", options["SAMPLING"] ?? "100", 1, 100),
      slowMs: whole(port, "SLOW_MS", options["SLOW_MS"] ?? "500", 1, 3_600_000),
    };
  });
}

function truth(port: number, text: unknown): boolean {
  if (text !== "true" && text !== "false")
    throw new TypeError(`ENABLED of port ${port} is ${JSON.stringify(text)}, neither "true" nor "false"`);
  return text === "true";
}

function whole(port: number, name: string, text: unknown, min: number, max: number): number {
  const value = typeof text === "string" && /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new TypeError(`${name} of port ${port} is ${JSON.stringify(text)}, not a whole number from ${min} to ${max}`);
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
