import { driverError } from "@outrigger/sdk/driver";
import { type Mode, modes } from "../links/links.ts";

/** What `docker network create` asks for by `-o` and `--internal`. */
export interface NetworkSettings {
  /** A link of the host; absent for an internal network. */
  readonly parent?: string;
  readonly mode: Mode;
  /** Bytes. */
  readonly mtu?: number;
}

const known = ["parent", "mode", "mtu"];

/**
 * Reads the options of a network.
 *
 * @param v6 whether the network has IPv6, which needs packets of 1280 bytes (RFC 8200)
 * @throws DriverError for what is unknown, missing or wrong
 */
export function readSettings(
  options: Readonly<Record<string, string>>,
  { internal, v6 }: { readonly internal: boolean; readonly v6: boolean },
): NetworkSettings {
  for (const option of Object.keys(options)) {
    if (known.includes(option)) continue;
    throw driverError(`there is no option ${option}; there are: ${known.join(", ")}`);
  }
  const { parent, mode = "bridge", mtu } = options;
  const found = modes.find((each) => each === mode);
  if (found === undefined) throw driverError(`mode is ${JSON.stringify(mode)}, where one of ${modes.join(", ")} is expected`);
  return { ...parentOf(parent, internal), mode: found, ...(mtu === undefined ? {} : { mtu: mtuOf(mtu, v6) }) };
}

function parentOf(parent: string | undefined, internal: boolean): Pick<NetworkSettings, "parent"> {
  if (internal) {
    if (parent === undefined) return {};
    throw driverError("an internal network has no way out, and so no parent: leave away either --internal or -o parent");
  }
  if (parent === undefined)
    throw driverError("no parent is given: add e.g. `-o parent=eth0`, or --internal for a network without a way out");
  // The name becomes an argument of `ip`.
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/.test(parent)) {
    throw driverError(`parent is ${JSON.stringify(parent)}, where the name of a link is expected, e.g. eth0 or eth0.20`);
  }
  return { parent };
}

function mtuOf(text: string, v6: boolean): number {
  const least = v6 ? 1280 : 68;
  const mtu = Number(text);
  if (/^\d{1,5}$/.test(text) && mtu >= least && mtu <= 65_535) return mtu;
  throw driverError(`mtu is ${JSON.stringify(text)}, where bytes from ${least} to 65535 are expected${v6 ? " (IPv6)" : ""}`);
}

/** `eth0.20`: the VLAN 20 of eth0. */
export function vlanOf(parent: string): { readonly parent: string; readonly id: number } | undefined {
  const [, base, digits] = /^(.+)\.([1-9]\d{0,3})$/.exec(parent) ?? [];
  const id = Number(digits);
  return base === undefined || id > 4094 ? undefined : { parent: base, id };
}
