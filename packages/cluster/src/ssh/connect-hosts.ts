import { clusterErrors } from "../errors.ts";
import type { Host } from "../model/host.ts";
import type { ConnectOptions } from "./connect-options.ts";
import { distributeTree } from "./distribute/distribute.ts";
import { forgetProgram } from "./durable-program.ts";
import { execScript } from "./exec-script.ts";
import type { HostConnection, HostConnections, HostFacts } from "./host-connection.ts";
import { readHostFacts } from "./host-facts.ts";
import { readHostFile, writeHostFile } from "./host-files.ts";
import { type LastingLink, openLastingLink } from "./lasting-link.ts";
import { openHostStream } from "./open-stream.ts";
import { runRootShell } from "./root-shell.ts";
import { runTask } from "./run-task.ts";
import { outOfTheWay } from "./wrapper-words.ts";

/**
 * Connections to these hosts, each opened when it is first asked for; one that could not be opened is tried anew when it is asked for again. A secret is asked
 * for once, however many hosts have it.
 */
export function connectHosts(hosts: readonly Host[], options: ConnectOptions): HostConnections {
  const byAddress = new Map(hosts.map((host) => [host.ip, host]));
  const opened = new Map<string, Promise<{ readonly link: LastingLink; readonly connection: HostConnection }>>();
  const get = async (ip: string): Promise<HostConnection> => {
    const host = byAddress.get(ip);
    if (host === undefined) throw clusterErrors["host-not-of-cluster"]({ ip, known: [...byAddress.keys()].join(", ") });
    let opening = opened.get(ip);
    if (opening === undefined) {
      opening = openLastingLink(host, options).then((link) => ({ link, connection: connectionOf(link) }));
      opened.set(ip, opening);
      opening.catch(() => opened.delete(ip));
    }
    return (await opening).connection;
  };
  const close = async (): Promise<void> => {
    for (const settled of await Promise.allSettled(opened.values())) if (settled.status === "fulfilled") settled.value.link.close();
    opened.clear();
  };
  return { get, close };
}

function connectionOf(link: LastingLink): HostConnection {
  const { host } = link;
  let facts: Promise<HostFacts> | undefined;
  return {
    host,
    facts: () => {
      facts ??= link.use((current) => readHostFacts(current, host));
      facts.catch(() => {
        facts = undefined;
      });
      return facts;
    },
    exec: (script, given) => link.use((current) => execScript(current, host, script, given), given.signal),
    run: (task, given) => runTask(link, host, task, given),
    forgetTasks: async (keyPrefix, outputs) => {
      const program = forgetProgram(keyPrefix, outputs);
      outOfTheWay(host, await link.use((current) => runRootShell(current, host, { program, onOutput: () => undefined })));
    },
    distribute: async (tree, folder, given) => {
      const sent = { bytes: 0 };
      const unchanged = await link.use((current) => distributeTree(current, host, tree, folder, given, sent), given.signal);
      return { sentBytes: sent.bytes, unchanged };
    },
    readFile: (path) => link.use((current) => readHostFile(current, host, path)),
    writeFile: (path, content, mode) => link.use((current) => writeHostFile(current, host, path, content, mode)),
    openStream: (address, port) => link.use((current) => openHostStream(current, host, address, port)),
  };
}
