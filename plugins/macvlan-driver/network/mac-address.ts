import { createHash } from "node:crypto";
import { parseAddress } from "@outrigger/sdk/driver";

/**
 * A hardware address made from the network address, so that it is as unique on the segment as that is, on however many hosts,
 * and what neighbours remember stays true when the address is used again. Locally administered (IEEE 802, bit 2).
 *
 * @param otherwise what it is made from where there is no address
 */
export function macAddressOf(address: string | undefined, addressIPv6: string | undefined, otherwise: string): string {
  const bytes =
    address === undefined
      ? createHash("sha256")
          .update(addressIPv6 ?? otherwise)
          .digest()
          .subarray(0, 4)
      : Buffer.from(parseAddress(address).value.toString(16).padStart(8, "0"), "hex");
  return ["02", "42", ...Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))].join(":");
}
