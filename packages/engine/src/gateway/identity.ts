import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Client } from "@outrigger/sdk";
import type { Listener } from "./listener.ts";
import { peerProcess } from "./peer-process.ts";
import { userName } from "./user-name.ts";

/** Who a connection's client is; the process is looked up at the first call, and once. */
export function identityOf(socket: Socket, listener: Listener): () => Promise<Client> {
  let known: Promise<Client> | undefined;
  return () => {
    known ??= identify(socket, listener);
    return known;
  };
}

async function identify(socket: Socket, listener: Listener): Promise<Client> {
  const user = commonName(socket) ?? listener.user;
  const process = listener.kind === "tcp" ? undefined : await peerProcess(socket);
  const told = user ?? (process === undefined ? undefined : userName(process.uid)) ?? null;
  return process === undefined ? { listener: listener.text, user: told } : { listener: listener.text, user: told, process };
}

function commonName(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const name = socket.getPeerCertificate().subject?.CN;
  return typeof name === "string" ? name : undefined;
}
