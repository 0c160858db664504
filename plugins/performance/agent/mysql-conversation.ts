import type { Conversation, Report } from "./conversation.ts";
import { createTurnsConversation } from "./turns-conversation.ts";

// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basics.html
const [query, prepare, execute, errorPacket] = [0x03, 0x16, 0x17, 0xff];
const [lastCommand, headSize, verbSize] = [0x20, 4, 16];
const [capabilityCompress, capabilityTls, tlsRequestSize] = [0x20, 0x800, 32];

interface Command {
  readonly start: number;
  readonly route: string;
}

/**
 * Reads MySQL's classic protocol: statements (COM_QUERY, COM_STMT_EXECUTE) until the first packet of the answer, which says whether it is an error. The
 * statement's text is not kept, only its verb. TLS and compression can't be read and are followed by turns.
 */
export function createMysqlConversation(report: Report, fromStart: boolean): Conversation {
  let instead: Conversation | undefined;
  let command: Command | undefined;
  // Of the caller's packet under way: the start of it, and how much of it is still to come.
  let start: Buffer = Buffer.alloc(0);
  let began = 0;
  let left = 0;
  let inStep = fromStart;
  let shaken = !fromStart;
  let answer: Buffer = Buffer.alloc(0);

  const onPacket = (packet: Buffer, length: number): void => {
    const sequence = packet[3] ?? 0;
    const body = packet.subarray(headSize);
    if (!shaken && sequence === 1) {
      shaken = true;
      const capabilities = body.length >= 4 ? body.readUInt32LE(0) : 0;
      const isTls = (capabilities & capabilityTls) !== 0 && length === tlsRequestSize;
      if (isTls || (capabilities & capabilityCompress) !== 0) instead = createTurnsConversation(report);
    }
    if (sequence !== 0) return;
    answer = Buffer.alloc(0);
    const kind = body[0];
    if (kind === query) command = { start: began, route: verbOf(body) };
    else
      command = kind === execute ? { start: began, route: "EXECUTE" } : kind === prepare ? { start: began, route: "PREPARE" } : undefined;
  };

  const fromCaller = (bytes: Buffer, time: number): void => {
    if (!inStep) {
      if (!isLoneCommand(bytes)) return;
      inStep = true;
      left = 0;
      start = Buffer.alloc(0);
    }
    for (let rest = bytes; rest.length > 0 && instead === undefined; ) {
      if (left > 0) {
        const taken = Math.min(left, rest.length);
        left -= taken;
        rest = rest.subarray(taken);
        continue;
      }
      if (start.length === 0) began = time;
      const known = start.length;
      start = Buffer.concat([start, rest.subarray(0, headSize + verbSize - known)]);
      if (start.length < headSize) return;
      const length = start.readUIntLE(0, 3);
      const wanted = headSize + Math.min(length, verbSize);
      if (start.length < wanted) return;
      const packet = start.subarray(0, wanted);
      rest = rest.subarray(wanted - known);
      left = length + headSize - wanted;
      start = Buffer.alloc(0);
      onPacket(packet, length);
    }
  };

  const fromComponent = (bytes: Buffer, time: number): void => {
    if (command === undefined) return;
    answer = Buffer.concat([answer, bytes.subarray(0, headSize + 1 - answer.length)]);
    if (answer.length <= headSize) return;
    report({ ...command, first: time, end: time, outcome: "answered", failed: answer[headSize] === errorPacket });
    command = undefined;
  };

  return {
    client: {
      data: (bytes, time) => (instead === undefined ? fromCaller(bytes, time) : instead.client.data(bytes, time)),
      hole: (length, time) => {
        if (instead !== undefined) instead.client.hole(length, time);
        else if (length <= left) left -= length;
        else inStep = false;
      },
    },
    server: {
      data: (bytes, time) => (instead === undefined ? fromComponent(bytes, time) : instead.server.data(bytes, time)),
      hole: (length, time) => {
        instead?.server.hole(length, time);
        command = undefined;
      },
    },
    end: (side, reset, time) => {
      instead?.end(side, reset, time);
      if (command === undefined || !(reset || side === "server")) return;
      report({ ...command, end: time, outcome: side === "server" ? "unanswered" : "aborted", failed: side === "server" });
      command = undefined;
    },
    idle: () => {},
    drop: () => {},
  };
}

/** One whole command and nothing else: what a stream can be joined at. */
function isLoneCommand(bytes: Buffer): boolean {
  return (
    bytes.length > headSize &&
    bytes.readUIntLE(0, 3) + headSize === bytes.length &&
    bytes[3] === 0 &&
    (bytes[headSize] ?? 255) <= lastCommand
  );
}

/** The first word of a statement; comments before it count as none. */
function verbOf(body: Buffer): string {
  const word = /^\s*([A-Za-z]{2,12})\b/.exec(body.toString("latin1", 1))?.[1];
  return word === undefined ? "QUERY" : word.toUpperCase();
}
