import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ApplicationApi, applicationApi, type PluginApi, pluginApi, type ServerApi, serverApi } from "./api/api.ts";
import { createTransport, type Transport } from "./api/transport.ts";
import { cliErrors } from "./errors.ts";
import type { ConnectionOptions, TeamOptions } from "./options.ts";
import { readTextFile } from "./read-file.ts";

/** What the local server says of itself in `server.json` while it runs. */
export interface ServerFile {
  readonly url: string;
  readonly pid: number;
}

/** The API of one team on the server that the options name. */
export interface TeamConnection extends ServerApi, ApplicationApi, PluginApi {
  readonly team: string;
}

/** @throws server-not-running, token-missing, file-unreadable */
export function connectTransport(options: ConnectionOptions): Transport {
  const local = readServerFile(options.dataDir);
  const url = options.server ?? local?.url;
  if (url === undefined) throw cliErrors["server-not-running"]({ file: join(options.dataDir, "server.json") });
  return createTransport(url, readToken(options, originOf(url), local));
}

export function connectServer(options: ConnectionOptions): ServerApi {
  return serverApi(connectTransport(options));
}

export function connectTeam(options: TeamOptions): TeamConnection {
  const transport = connectTransport(options);
  return { team: options.team, ...serverApi(transport), ...applicationApi(transport, options.team), ...pluginApi(transport, options.team) };
}

/** The local server's address, or undefined when it has written none. */
export function readServerFile(dataDir: string): ServerFile | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")) as ServerFile;
  } catch {
    return undefined;
  }
}

/** The admin token of this machine is sent to this machine's server only. */
function readToken(options: ConnectionOptions, origin: string, local: ServerFile | undefined): string {
  if (options.tokenFile !== undefined) return readTextFile(options.tokenFile).trim();
  const fromEnvironment = process.env["OUTRIGGER_TOKEN"];
  if (fromEnvironment) return fromEnvironment;
  if (local === undefined || new URL(local.url).origin !== origin) throw cliErrors["token-missing"]({ url: origin });
  return readTextFile(join(options.dataDir, "admin-token")).trim();
}

function originOf(url: string): string {
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw cliErrors["option-invalid"]({
      option: "--server",
      found: `"${url}"`,
      expected: "an address such as http://127.0.0.1:7470",
      command: "get",
    });
  }
  return new URL(url).origin;
}
