import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Connection, ServerChannel, Session } from "ssh2";
import type { ExecOutput } from "../cluster-context.ts";

/**
 * What is wrong with a host: it refuses connections, has dropped off (those that were open too), takes commands and never answers, or ends them all with a
 * status; `none` makes it well again.
 */
export type Fault = "none" | "refuse" | "drop" | "hang" | { readonly exit: number };

/** Something that was run on a host. */
export interface Execution {
  /** As it was asked for, e.g. `bash -s`. */
  readonly command: string;
  /** What came on its input. */
  readonly script: string;
  /** Absent while it runs, and when it was ended by a signal. */
  readonly exit?: number;
}

export interface FakeServer {
  readonly port: number;
  readonly executed: readonly Execution[];
  readonly fail: (fault: Fault) => void;
  readonly close: () => Promise<void>;
}

export interface FakeServerOptions {
  readonly ip: string;
  readonly user: string;
  readonly password: string;
  readonly folder: string;
  readonly answer?: (ip: string, script: string) => Partial<ExecOutput> | undefined;
}

/** An SSH server with commands and forwarded connections. */
export async function openFakeServer({ ip, user, password, folder, answer }: FakeServerOptions): Promise<FakeServer> {
  const { default: ssh } = await import("ssh2");
  const executed: Execution[] = [];
  const children = new Set<ChildProcessWithoutNullStreams>();
  const sockets = new Set<Socket>();
  let fault: Fault = "none";

  const run = async (command: string, channel: ServerChannel, env: NodeJS.ProcessEnv): Promise<void> => {
    const index = executed.push({ command, script: "" }) - 1;
    if (fault === "hang") return;
    const input = inputOf(channel, (script) => {
      executed[index] = { command, script };
    });
    // Whoever answers has to have read the script; bash gets it as it comes.
    const given = typeof fault === "object" ? fault : answer?.(ip, (await input) || command);
    if (given !== undefined) {
      await input;
      const { stdout = "", stderr = "", exit = 0 }: Partial<ExecOutput> = given;
      channel.write(stdout);
      channel.stderr.write(stderr);
      return finish(channel, index, exit, null);
    }
    const child = startBash(command, folder, env);
    children.add(child);
    child.stdin.on("error", () => {}); // it ended without reading all
    if (answer === undefined) channel.pipe(child.stdin);
    else child.stdin.end(await input);
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    channel.once("close", () => killAll(child));
    const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    children.delete(child);
    finish(channel, index, code, signal);
  };
  const finish = (channel: ServerChannel, index: number, code: number | null, signal: NodeJS.Signals | null): void => {
    const execution = executed[index];
    if (execution !== undefined && code !== null) executed[index] = { ...execution, exit: code };
    if (signal === null) channel.exit(code ?? 0);
    else channel.exit(signal.replace(/^SIG/, ""));
    channel.end();
  };
  const server = new ssh.Server({ hostKeys: [ssh.utils.generateKeyPairSync("ed25519").private] }, (connection) => {
    serve(connection, { user, password, run: (command, channel, env) => void run(command, channel, env) });
  });
  // The library gives no access to a connection's socket, which a host that drops off ends without a word.
  (server as unknown as { readonly _srv: { on: (event: "connection", taken: (socket: Socket) => void) => void } })._srv.on(
    "connection",
    (socket) => {
      if (fault === "refuse" || fault === "drop") return void socket.destroy();
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    },
  );
  server.listen(0, ip);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    executed,
    fail: (wanted) => {
      fault = wanted;
      if (fault === "drop") for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      for (const child of children) killAll(child);
      for (const socket of sockets) socket.destroy();
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      await promise;
    },
  };
}

function startBash(command: string, folder: string, env: NodeJS.ProcessEnv): ChildProcessWithoutNullStreams {
  return spawn("bash", ["-c", command], {
    cwd: folder,
    env: { PATH: process.env["PATH"], LANG: "C.UTF-8", HOME: folder, ...env },
    detached: true,
  });
}

/** Everything that a command started in its own process group ends with it. */
function killAll(child: ChildProcessWithoutNullStreams): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // it is gone
  }
}

/** Bytes of a script that are kept. */
const scriptLimit = 1024 * 1024;

/** What comes on a channel's input, once that has ended. */
async function inputOf(channel: ServerChannel, told: (script: string) => void): Promise<string> {
  const parts: Buffer[] = [];
  let kept = 0;
  channel.on("data", (part: Buffer) => {
    kept += part.length;
    if (kept <= scriptLimit) parts.push(part);
  });
  await once(channel, "end");
  const script = Buffer.concat(parts).toString("utf8");
  told(script);
  return script;
}

interface Served {
  readonly user: string;
  readonly password: string;
  readonly run: (command: string, channel: ServerChannel, env: NodeJS.ProcessEnv) => void;
}

function serve(connection: Connection, { user, password, run }: Served): void {
  connection.on("error", () => {}); // its end is told to whoever asked
  connection.on("authentication", (request) => {
    if (request.method === "password" && request.username === user && request.password === password) request.accept();
    else request.reject(["password"]);
  });
  connection.on("session", (accept) => serveSession(accept(), run));
  connection.on("tcpip", (accept, reject, { destIP, destPort }) => {
    const out = connect(destPort, destIP);
    out.once("error", () => reject());
    out.once("connect", () => {
      out.removeAllListeners("error").on("error", () => {});
      const channel = accept();
      out.pipe(channel).on("error", () => out.destroy());
      channel.pipe(out);
    });
  });
}

function serveSession(session: Session, run: Served["run"]): void {
  const env: NodeJS.ProcessEnv = {};
  session.on("env", (accept, _reject, { key, val }) => {
    env[key] = val;
    accept?.();
  });
  session.on("exec", (accept, _reject, { command }) => run(command, accept(), env));
}
