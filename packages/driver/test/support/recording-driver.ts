import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";

export interface RecordedRequest {
  readonly method: string;
  /** The head's lines after the first, in their order. */
  readonly head: readonly string[];
  readonly body: string;
}

type Answers = Readonly<Record<string, (args: Readonly<Record<string, unknown>>) => unknown>>;

/** Listens on a unix socket, keeps what is sent byte for byte, and answers as told (a string as it is, else JSON), by default `{}`. The socket's file is gone when the test, or the process, ends. */
export async function recordingDriver(
  context: Pick<TestContext, "after">,
  path: string,
  answers: Answers,
): Promise<readonly RecordedRequest[]> {
  const requests: RecordedRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let held = "";
    socket.setEncoding("utf8").on("error", () => undefined);
    socket.on("data", (text: string) => {
      held += text;
      for (let end = held.indexOf("\r\n\r\n"); end >= 0; end = held.indexOf("\r\n\r\n")) {
        const [first = "", ...head] = held.slice(0, end).split("\r\n");
        const length = Number(/^Content-Length: (\d+)$/im.exec(held.slice(0, end))?.[1] ?? 0);
        if (held.length < end + 4 + length) return;
        const body = held.slice(end + 4, end + 4 + length);
        held = held.slice(end + 4 + length);
        const method = first.split(" ")[1]?.slice(1) ?? "";
        requests.push({ method, head, body });
        const value = answers[method]?.(body === "" ? {} : JSON.parse(body)) ?? {};
        const answer = typeof value === "string" ? value : JSON.stringify(value);
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(answer)}\r\n\r\n${answer}`);
      }
    });
  });
  // A file that nobody listens at would delay every volume operation of everybody on this engine by 15 s.
  const remove = (): void => rmSync(path, { force: true });
  process.once("exit", remove);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  context.after(() => {
    remove();
    process.off("exit", remove);
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return requests;
}
