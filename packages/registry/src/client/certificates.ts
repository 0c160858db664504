import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { getCACertificates } from "node:tls";
import { wordsOf } from "@outrigger/plugin";
import { registryErrors } from "../errors.ts";

/** What a TLS connection to a registry is made with. */
export interface Certificates {
  readonly ca: string[];
  readonly cert?: string;
  readonly key?: string;
}

/** Where Docker keeps certificates: a folder for each registry, `HOST:PORT`. */
export const dockerCertificates = "/etc/docker/certs.d";

/**
 * The machine's authorities, those of `caFile`, and what `FOLDER/HOST` holds as Docker lays it: `*.crt` are authorities, `NAME.cert` with `NAME.key` is who we are.
 * @throws registry-certificates
 */
export async function readCertificates(host: string, folder: string, caFile: string | undefined): Promise<Certificates> {
  const place = join(folder, host);
  const names = /^[^/]+$/.test(host) ? await readdir(place).catch(() => []) : [];
  const read = (file: string): Promise<string> =>
    readFile(file, "utf8").catch((error: unknown) => {
      throw registryErrors["registry-certificates"]({ registry: host, file, reason: wordsOf(error) }, { cause: error });
    });
  const own = await Promise.all(names.filter((name) => name.endsWith(".crt")).map((name) => read(join(place, name))));
  const extra = caFile === undefined ? [] : [await read(caFile)];
  const ca = [...new Set([...getCACertificates("default"), ...getCACertificates("system"), ...own, ...extra])];
  const client = names.find((name) => name.endsWith(".cert"));
  if (client === undefined) return { ca };
  const key = await read(join(place, client.replace(/\.cert$/, ".key")));
  return { ca, cert: await read(join(place, client)), key };
}
