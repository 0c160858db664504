import { join } from "node:path";
import { writeDurably } from "../../files/write-durably.ts";

export interface DiscoveryFile {
  /** The name by which the engine's users know the driver. */
  readonly name: string;
  /** `unix:///run/my.sock`, `tcp://127.0.0.1:4000`, `https://...`. */
  readonly address: string;
  /** Where engines look. Default: /etc/docker/plugins. */
  readonly folder?: string;
  /** With it the file is NAME.json, else NAME.spec. Without a CA's file the engine checks no certificate. */
  readonly tls?: { readonly caFile: string; readonly certFile?: string; readonly keyFile?: string };
}

/**
 * Tells engines of a driver whose socket is not in /run/docker/plugins (moby pkg/plugins `discovery.go`).
 * An engine reads it once and keeps what it says until it is started anew.
 *
 * @returns the file's path
 */
export async function writeDiscoveryFile({ name, address, folder = "/etc/docker/plugins", tls }: DiscoveryFile): Promise<string> {
  const file = join(folder, tls === undefined ? `${name}.spec` : `${name}.json`);
  if (tls === undefined) {
    await writeDurably(file, `${address}\n`, 0o644);
    return file;
  }
  const { caFile, certFile = "", keyFile = "" } = tls;
  const config = { InsecureSkipVerify: false, CAFile: caFile, CertFile: certFile, KeyFile: keyFile };
  await writeDurably(file, `${JSON.stringify({ Name: name, Addr: address, TLSConfig: config }, null, 2)}\n`, 0o644);
  return file;
}
