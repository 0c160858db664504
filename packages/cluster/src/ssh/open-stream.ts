import type { Duplex } from "node:stream";
import { clusterErrors } from "../errors.ts";
import type { Host } from "../model/host.ts";
import { LinkLostError, type SshLink } from "./ssh-link.ts";

/** A TCP connection from the host to somewhere. @throws host-forward-refused; LinkLostError */
export async function openHostStream(link: SshLink, host: Host, address: string, port: number): Promise<Duplex> {
  try {
    return await link.forward(address, port);
  } catch (error) {
    if (error instanceof LinkLostError || !(error instanceof Error)) throw error;
    const reason = error.message.replace(/^\(SSH\) Channel open failure: /, "");
    throw clusterErrors["host-forward-refused"]({ host: host.ip, address, port, reason }, { cause: error });
  }
}
