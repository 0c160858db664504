import { readFileSync } from "node:fs";
import { driverErrors } from "../../errors.ts";

/** Where a driver listens. */
export type DriverAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

/**
 * Reads an address as an engine's discovery knows it: `unix:///path`, `tcp://host:port`, `http://host:port`, a path, or the path of a `.spec` file that holds
 * one of these. @throws driver-address-invalid
 */
export function readAddress(text: string): DriverAddress {
  if (text.endsWith(".spec")) return readAddress(readFileSync(text, "utf8").trim());
  if (text.startsWith("unix://")) return { kind: "unix", path: text.slice("unix://".length) };
  if (!text.includes("://")) return { kind: "unix", path: text };
  if (!URL.canParse(text)) throw driverErrors["driver-address-invalid"]({ found: text });
  const { protocol, hostname, port } = new URL(text);
  if ((protocol !== "tcp:" && protocol !== "http:") || hostname === "" || port === "")
    throw driverErrors["driver-address-invalid"]({ found: text });
  return { kind: "tcp", host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
}
