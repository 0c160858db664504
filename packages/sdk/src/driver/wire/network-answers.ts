import { isIP } from "node:net";
import { driverSdkErrors } from "../errors.ts";
import type { EndpointInterface } from "../interfaces/network-driver.ts";

/**
 * What the engine would undo the endpoint for is told with its reason instead: a value for a field that came with one,
 * an address without its length.
 */
export function checkEndpointAnswer(answer: EndpointInterface | undefined, given: EndpointInterface, method: string): EndpointInterface {
  if (answer === undefined) return {};
  for (const field of ["address", "addressIPv6", "macAddress"] as const) {
    const value = answer[field];
    if (value === undefined) continue;
    const wrong = (found: string, expected: string): Error => driverSdkErrors["driver-answer-invalid"]({ method, found, expected });
    if (given[field] !== undefined) throw wrong(`${field} ${value}`, "no other than the one that the engine has given");
    const fits = field === "macAddress" ? /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(value) : isSubnetAddress(value);
    if (!fits) throw wrong(`${field} ${value}`, field === "macAddress" ? "six hexadecimal bytes" : "an address with its length");
  }
  return answer;
}

/** `10.0.0.1/24`, `fd00::1/64` */
export function isSubnetAddress(text: string): boolean {
  const [address = "", length = "", ...more] = text.split("/");
  const version = isIP(address);
  return more.length === 0 && version !== 0 && /^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128);
}
