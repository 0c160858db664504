import { type Budget, createBudget } from "./budget.ts";
import type { Conversation, Report } from "./conversation.ts";
import type { Figures } from "./figures.ts";
import { createHttpConversation } from "./http-conversation.ts";
import { createMysqlConversation } from "./mysql-conversation.ts";
import type { Segment } from "./segment.ts";
import { Stream } from "./stream.ts";
import { createTurnsConversation } from "./turns-conversation.ts";

/** A port that is watched. */
export interface WatchedPort {
  readonly port: number;
  readonly protocol: string;
  /** Of 100 connections, how many are looked at. */
  readonly sampling: number;
  readonly slowMs: number;
  readonly figures: Figures;
}

interface Connection {
  port: WatchedPort;
  readonly client: string;
  readonly conversation: Conversation;
  readonly toServer: Stream;
  readonly toClient: Stream;
  answered: boolean;
  /** Directions that have ended. */
  ended: Set<"client" | "server">;
  seen: number;
}

export interface Connections {
  /** Takes the next segment of any connection; `time` in microseconds since 1970. */
  readonly take: (segment: Segment, time: number) => void;
  /** Watches these ports from now on; connections to others, and to those that speak another protocol now, are forgotten. */
  readonly watch: (ports: readonly WatchedPort[]) => void;
  /** To be called about once a second with the present time. */
  readonly sweep: (now: number) => void;
  /** Connections followed at present, of one port or of all. */
  readonly open: (port?: number) => number;
  /** Bytes held back. */
  readonly held: () => number;
}

export interface ConnectionsOptions {
  /** Whether an address is the pod's own. */
  readonly isOwn: (address: string) => boolean;
  readonly mostConnections?: number;
  readonly mostHeld?: number;
}

const forgottenAfter = 300_000_000;

/** Follows every connection to the watched ports, in bounded memory: the oldest one goes when there are too many. */
export function createConnections({ isOwn, mostConnections = 10_000, mostHeld = 8 * 1024 * 1024 }: ConnectionsOptions): Connections {
  const budget = createBudget(mostHeld);
  const known = new Map<string, Connection>();
  let watched = new Map<number, WatchedPort>();

  const forget = (key: string): void => {
    const connection = known.get(key);
    if (connection === undefined) return;
    connection.conversation.drop();
    connection.toServer.drop();
    connection.toClient.drop();
    known.delete(key);
  };
  const meet = (key: string, port: WatchedPort, client: string, fromStart: boolean): Connection => {
    forget(key);
    const [oldest] = known.keys();
    if (oldest !== undefined && known.size >= mostConnections) forget(oldest);
    const connection = newConnection(port, client, fromStart, budget);
    known.set(key, connection);
    return connection;
  };

  return {
    take: (segment, time) => {
      const inward = watched.has(segment.destinationPort) && isOwn(segment.destination);
      const port = watched.get(inward ? segment.destinationPort : segment.sourcePort);
      if (port === undefined || (!inward && !isOwn(segment.source))) return;
      const client = inward ? segment.source : segment.destination;
      const key = `${client} ${inward ? segment.sourcePort : segment.destinationPort} ${port.port}`;
      const opens = inward && segment.syn && !segment.ack;
      const before = known.get(key);
      // The last words of a connection that is forgotten.
      if (before === undefined && !opens && segment.length === 0) return;
      // A caller that is not answered asks again.
      const connection = before === undefined || (opens && before.answered) ? meet(key, port, client, opens) : before;
      if (opens && connection !== before) port.figures.connection(time, weightOf(port));
      connection.seen = time;
      follow(connection, segment, inward, time);
      if (segment.rst || connection.ended.size === 2) forget(key);
    },
    watch: (ports) => {
      watched = new Map(ports.map((port) => [port.port, port]));
      for (const [key, connection] of known) {
        const now = watched.get(connection.port.port);
        if (now?.protocol === connection.port.protocol) connection.port = now;
        else forget(key);
      }
    },
    sweep: (now) => {
      for (const [key, connection] of known) {
        connection.conversation.idle(now);
        if (now - connection.seen > forgottenAfter) forget(key);
      }
    },
    open: (port) => (port === undefined ? known.size : [...known.values()].filter((connection) => connection.port.port === port).length),
    held: () => budget.used(),
  };
}

function newConnection(port: WatchedPort, client: string, fromStart: boolean, budget: Budget): Connection {
  const report: Report = (exchange) => {
    const { figures, slowMs } = connection.port;
    figures.exchange(exchange, weightOf(connection.port), client, slowMs);
  };
  const conversation = newConversation(port.protocol, report, fromStart, budget);
  const toServer = new Stream(conversation.client, budget);
  const toClient = new Stream(conversation.server, budget);
  const connection: Connection = { port, client, conversation, toServer, toClient, answered: !fromStart, ended: new Set(), seen: 0 };
  return connection;
}

function newConversation(protocol: string, report: Report, fromStart: boolean, budget: Budget): Conversation {
  if (protocol === "http") return createHttpConversation(report, budget, fromStart);
  return protocol === "mysql" ? createMysqlConversation(report, fromStart) : createTurnsConversation(report);
}

/** How many connections one that is looked at stands for. */
function weightOf({ sampling }: WatchedPort): number {
  return 100 / sampling;
}

function follow(connection: Connection, segment: Segment, inward: boolean, time: number): void {
  const { port, client, conversation, toServer, toClient } = connection;
  const [stream, other] = inward ? [toServer, toClient] : [toClient, toServer];
  const side = inward ? "client" : "server";
  if (segment.syn) {
    stream.start(segment.sequence + 1);
    if (!inward) connection.answered = true;
    return;
  }
  if (segment.rst) {
    const refused = !inward && !connection.answered;
    if (refused)
      port.figures.exchange({ start: time, end: time, outcome: "unanswered", failed: true }, weightOf(port), client, port.slowMs);
    conversation.end(side, true, time);
    return;
  }
  if (segment.ack) other.acknowledged(segment.acknowledgement, time);
  if (segment.length > 0) {
    port.figures.bytes(inward ? "in" : "out", segment.length, time, weightOf(port));
    stream.push(segment.sequence, segment.payload, segment.length, time);
  }
  if (!segment.fin) return;
  connection.ended.add(side);
  stream.acknowledged(segment.sequence + segment.length, time);
  conversation.end(side, false, time);
  stream.finish(segment.sequence + segment.length);
}
