import type { Socket } from "node:net";

const lingerMilliseconds = 2000;

/**
 * Joins two sockets until both have ended, each direction for itself: an end that one side sends reaches the other while its own direction goes on.
 * Neither socket may have other listeners for data or end.
 */
export function tunnel(client: Socket, engine: Socket, onClose: () => void): void {
  // Attached containers can say nothing for days.
  client.setKeepAlive(true, 30_000);
  carry(client, engine);
  carry(engine, client);
  const ignore = (): void => {};
  client.on("error", ignore);
  engine.on("error", ignore);
  client.once("close", () => {
    engine.destroy();
    onClose();
  });
  engine.once("close", () => {
    // What the engine said last must arrive, so the client is not cut off while it still sends.
    closeLater(client);
  });
}

/** Ends the writing side; what still comes is thrown away for a while, since closing with unread bytes may take the last words from the other side. */
export function closeLater(socket: Socket): void {
  socket.end(() => {
    const timer = setTimeout(() => socket.destroy(), lingerMilliseconds);
    socket.once("close", () => clearTimeout(timer));
  });
  socket.resume();
}

function carry(from: Socket, to: Socket): void {
  from.on("data", (bytes) => {
    if (to.writable && !to.write(bytes)) from.pause();
  });
  to.on("drain", () => from.resume());
  from.on("end", () => to.end());
}
