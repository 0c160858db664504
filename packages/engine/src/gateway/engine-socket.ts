import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Upstream } from "./upstream.ts";

// tls.connect hands it on to its socket, though its types do not know it.
const halfOpen: object = { allowHalfOpen: true };

/** A new connection to the engine. What is written before it is open waits; a failure comes as `error`. */
export function connectEngine({ address, tls }: Upstream): Socket {
  const socket =
    tls === undefined
      ? connectPlain({ ...address, allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 })
      : connectTls({ ...address, ...tls, minVersion: "TLSv1.2", ...halfOpen });
  if (tls !== undefined) socket.setNoDelay(true).setKeepAlive(true, 30_000);
  keepReading(socket);
  return socket;
}

type Done = (error?: Error | null) => void;

/**
 * Writing to an engine that closed fails, but what it said before it closed is still to be read: Node would throw that away.
 * So a failed write ends writing only; reading ends by itself, since the engine closed.
 */
function keepReading(socket: Socket): void {
  let broken = false;
  const forgive = (done: Done): Done => {
    return (error) => {
      broken ||= error !== undefined && error !== null;
      done();
    };
  };
  const { _write: write, _writev: writev, _final: final } = socket;
  socket._write = (chunk, encoding, done) => (broken ? done() : write.call(socket, chunk, encoding, forgive(done)));
  if (writev !== undefined) socket._writev = (chunks, done) => (broken ? done() : writev.call(socket, chunks, forgive(done)));
  socket._final = (done) => (broken ? done() : final.call(socket, forgive(done)));
}
