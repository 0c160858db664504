import { chmodSync, lstatSync, mkdirSync, unlinkSync } from "node:fs";
import { connect, type Server } from "node:net";
import { dirname } from "node:path";
import { wordsOf } from "@outrigger/plugin/errors";
import { driverSdkErrors } from "../errors.ts";

/**
 * Listens at a unix socket that its owner alone may connect to. A socket file that nobody answers at is replaced.
 *
 * @throws `driver-socket-taken`
 */
export async function listenAt(server: Server, socket: string): Promise<void> {
  mkdirSync(dirname(socket), { recursive: true });
  await makeRoom(socket);
  const before = process.umask(0o177);
  try {
    await listening(server, { path: socket });
  } catch (error) {
    throw driverSdkErrors["driver-socket-taken"]({ socket, reason: wordsOf(error) }, { cause: error });
  } finally {
    process.umask(before);
  }
  chmodSync(socket, 0o600);
}

/** Listens at the socket that systemd passes on (sd_listen_fds(3)). @returns whether there is one */
export async function listenAtInherited(server: Server, env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  if (env["LISTEN_PID"] !== String(process.pid) || !(Number(env["LISTEN_FDS"]) >= 1)) return false;
  await listening(server, { fd: 3 });
  return true;
}

function listening(server: Server, where: { readonly path: string } | { readonly fd: number }): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(where, () => {
    server.off("error", reject);
    resolve();
  });
  return promise;
}

async function makeRoom(socket: string): Promise<void> {
  const found = lstatSync(socket, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw driverSdkErrors["driver-socket-taken"]({ socket, reason: "it is a file of another kind" });
  if (await answers(socket)) throw driverSdkErrors["driver-socket-taken"]({ socket, reason: "another program answers there" });
  unlinkSync(socket);
}

function answers(socket: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const connection = connect(socket);
  connection.once("connect", () => resolve(true));
  // Too many waiting (EAGAIN) or no right to ask (EACCES): somebody is there. Only a refusal says that nobody is.
  connection.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT"));
  return promise.finally(() => connection.destroy());
}
