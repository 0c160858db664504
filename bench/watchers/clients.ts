import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export type ClientOrder =
  | { readonly kind: "connect"; readonly watchers: number; readonly port: number; readonly path: string; readonly token: string }
  | { readonly kind: "await-change" }
  | { readonly kind: "poll"; readonly seconds: number };

export interface ClientReport {
  /** When each plug-in had the change, in milliseconds since the epoch. */
  readonly times: readonly number[];
}

interface Client {
  readonly socket: Socket;
  etag: string;
  text: string;
}

const clients: Client[] = [];
const state = { path: "", token: "", wait: "?wait=300s", arrivals: [] as number[], polls: [] as NodeJS.Timeout[], done: (): void => {} };

function ask({ socket, etag }: Client): void {
  const head = `GET ${state.path}${state.wait} HTTP/1.1\r\nHost: discovery\r\nAuthorization: Bearer ${state.token}\r\n`;
  socket.write(`${head}${etag === "" ? "" : `If-None-Match: ${etag}\r\n`}\r\n`);
}

/** Takes one whole answer out of what has come, if it is there: its status and ETag. */
function takeAnswer(client: Client): { readonly status: number; readonly etag: string } | undefined {
  const end = client.text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = client.text.slice(0, end);
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  if (client.text.length < end + 4 + length) return undefined;
  client.text = client.text.slice(end + 4 + length);
  return { status: Number(head.slice(9, 12)), etag: /etag: (\S+)/i.exec(head)?.[1] ?? "" };
}

function onData(client: Client, chunk: Buffer): void {
  client.text += chunk.toString("latin1");
  const answer = takeAnswer(client);
  if (answer === undefined) return;
  if (answer.status !== 200 && answer.status !== 304) throw new TypeError(`answered ${answer.status}`);
  if (answer.status === 200 && client.etag !== "") {
    state.arrivals.push(performance.timeOrigin + performance.now());
    if (state.arrivals.length === clients.length) state.done();
  }
  client.etag = answer.etag;
  if (state.wait !== "") ask(client);
}

async function open(order: Extract<ClientOrder, { kind: "connect" }>): Promise<void> {
  state.path = order.path;
  state.token = order.token;
  for (let index = 0; index < order.watchers; index += 1) {
    const socket = connect({ host: "127.88.0.1", port: order.port, localAddress: `127.88.1.${1 + (index % 50)}` });
    const client: Client = { socket, etag: "", text: "" };
    socket.on("data", (chunk: Buffer) => onData(client, chunk));
    clients.push(client);
    await once(socket, "connect");
    ask(client);
  }
  while (clients.some(({ etag }) => etag === "")) await sleep(20);
}

function poll(seconds: number): void {
  state.wait = "";
  for (const [index, client] of clients.entries()) {
    const begin = (): void => {
      ask(client);
      setInterval(() => ask(client), seconds * 1000);
    };
    setTimeout(begin, (index / clients.length) * seconds * 1000);
  }
}

process.on("message", async (order: ClientOrder) => {
  state.arrivals = [];
  if (order.kind === "connect") await open(order);
  else if (order.kind === "poll") {
    // The long polls that are open end with the next change; the server is asked anew from then on.
    for (const { socket } of clients) socket.destroy();
    await reopen();
    poll(order.seconds);
    await sleep(order.seconds * 1000);
  } else await new Promise<void>((resolve) => (state.done = resolve));
  process.send?.({ times: state.arrivals } satisfies ClientReport);
});

async function reopen(): Promise<void> {
  const [first] = clients;
  const port = first?.socket.remotePort ?? 16_100;
  const count = clients.length;
  clients.length = 0;
  state.wait = "";
  await open({ kind: "connect", watchers: count, port, path: state.path, token: state.token });
}
