import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Client } from "@outrigger/sdk";
import type { Listener } from "./listener.ts";
import { peerProcess } from "./peer-process.ts";
import { userName } from "./user-name.ts";

/** Who a connection's client is; its process is looked up when first asked for, and once. */
export function identityOf(socket: Socket, listener: Listener): (withProcess: boolean) => Promise<Client> {
  let known: Promise<Client> | undefined;
  return (withProcess) => {
    const user = commonName(socket) ?? listener.user;
    if (!withProcess) return Promise.resolve({ listener: listener.text, user: user ?? null });
    known ??= identify(socket, listener, user);
    return known;
  };
}

async function identify(socket: Socket, listener: Listener, user: string | undefined): Promise<Client> {
  const process = listener.kind === "tcp" ? undefined : await peerProcess(socket);
  const client = { listener: listener.text, user: user ?? null };
  return process === undefined ? client : { ...client, process: { ...process, user: userName(process.uid) ?? null } };
}

function commonName(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const name = socket.getPeerCertificate().subject?.CN;
  return typeof name === "string" ? name : undefined;
}
