import type { Budget } from "./budget.ts";
import type { Conversation, Exchange, Report } from "./conversation.ts";
import { type Framing, framingOf, type Head } from "./http-message.ts";
import { HttpReader } from "./http-reader.ts";
import { pathTemplate } from "./path-template.ts";
import type { StreamSink } from "./stream.ts";
import { createTurnsConversation } from "./turns-conversation.ts";

interface Request {
  readonly start: number;
  readonly method: string;
  readonly route: string;
}

interface Answer {
  readonly request: Request;
  readonly first: number;
  readonly status: number;
}

const mostPipelined = 64;
const quiet = 1_000_000;

/** Starts of a request and of an answer, which may end anywhere. HTTP/2's preface (`PRI * HTTP/2.0`) is no request. */
const mayBeRequest = (text: string): boolean => /^[A-Z]{1,20}($| ($|[\x21-\x7e\x80-\xff]))/.test(text) && !text.startsWith("PRI *");
const mayBeAnswer = (text: string): boolean => "HTTP/1.".startsWith(text.slice(0, 7));

/**
 * Reads HTTP/1.x: keep-alive, pipelining, bodies of every kind. What turns out to be something else (TLS, HTTP/2) is followed by turns. Where bytes were lost
 * it goes on with the next message that starts a packet.
 */
export function createHttpConversation(report: Report, budget: Budget, fromStart: boolean): Conversation {
  return new HttpConversation(report, budget, fromStart);
}

class HttpConversation implements Conversation {
  readonly client: StreamSink;
  readonly server: StreamSink;
  readonly #report: Report;
  readonly #requests: HttpReader;
  readonly #answers: HttpReader;
  #waiting: Request[] = [];
  #answer: Answer | undefined;
  #interim = false;
  /** When the component last sent something. */
  #heard = 0;
  #understood = false;
  #instead: Conversation | undefined;

  constructor(report: Report, budget: Budget, fromStart: boolean) {
    this.#report = report;
    this.#requests = new HttpReader(fromStart, {
      mayStart: mayBeRequest,
      onHead: (head, time) => this.#onRequest(head, time),
      onEnd: () => {},
      onFound: () => {},
      onNonsense: (bytes, time) => this.#onNonsense("client", bytes, time),
      budget,
    });
    this.#answers = new HttpReader(fromStart, {
      mayStart: mayBeAnswer,
      onHead: (head, time) => this.#onAnswer(head, time),
      onEnd: (time) => this.#finish(time),
      onFound: () => this.#finish(this.#heard),
      onNonsense: (bytes, time) => this.#onNonsense("server", bytes, time),
      budget,
    });
    this.client = {
      data: (bytes, time) => (this.#instead?.client ?? this.#requests).data(bytes, time),
      hole: (length, time) => (this.#instead?.client ?? this.#requests).hole(length, time),
    };
    this.server = {
      data: (bytes, time) => {
        (this.#instead?.server ?? this.#answers).data(bytes, time);
        this.#heard = time;
      },
      hole: (length, time) => {
        (this.#instead?.server ?? this.#answers).hole(length, time);
        this.#heard = time;
      },
    };
  }

  readonly end = (side: "client" | "server", reset: boolean, time: number): void => {
    if (this.#instead !== undefined) {
      this.#instead.end(side, reset, time);
      return;
    }
    if (side === "client" && !reset) return;
    if (this.#answer !== undefined) this.#finish(this.#answers.untilClose || this.#answers.lost ? this.#heard : time);
    const [first] = this.#waiting;
    this.#waiting = [];
    if (first === undefined) return;
    // Where the answer's head was not seen, it is not known to be missing.
    const missed = this.#answers.lost && this.#heard > first.start;
    const outcome = missed ? "answered" : side === "server" ? "unanswered" : "aborted";
    this.#report({ start: first.start, end: missed ? this.#heard : time, outcome, failed: outcome === "unanswered", route: first.route });
  };

  readonly idle = (now: number): void => {
    if (this.#answers.lost && this.#answer !== undefined && now - this.#heard > quiet) this.#finish(this.#heard);
  };

  readonly drop = (): void => {
    this.#requests.stop();
    this.#answers.stop();
  };

  #onRequest(head: Head, time: number): Framing {
    const call = callOf(head.line);
    if (call === undefined) return "unknown";
    this.#understood = true;
    if (this.#answers.lost) {
      // Who asks again has his answer, though it was not seen.
      this.#finish(this.#heard);
      this.#waiting = [];
    }
    if (this.#waiting.length >= mostPipelined) this.#waiting.shift();
    this.#waiting.push({ start: time, ...call });
    return framingOf(head, { length: 0 });
  }

  #onAnswer(head: Head, time: number): Framing {
    const status = Number(/^HTTP\/1\.[01] ([1-9][0-9]{2})( |$)/.exec(head.line)?.[1]);
    if (Number.isNaN(status)) return "unknown";
    this.#interim = status < 200 && status !== 101;
    if (this.#interim) return { length: 0 };
    const request = this.#waiting.shift();
    // Whether there is a body hangs on the method, too, which was not seen.
    if (request === undefined) return "unknown";
    this.#answer = { request, first: time, status };
    if (status === 101 || (request.method === "CONNECT" && status < 300)) {
      this.#finish(time);
      this.drop();
      return "close";
    }
    if (request.method === "HEAD" || status === 204 || status === 304) return { length: 0 };
    return framingOf(head, "close");
  }

  #finish(end: number): void {
    if (this.#interim) this.#interim = false;
    else if (this.#answer !== undefined) {
      const { request, first, status } = this.#answer;
      this.#answer = undefined;
      const exchange: Exchange = {
        start: request.start,
        first,
        end: Math.max(first, end),
        outcome: "answered",
        failed: status >= 500,
        status,
        route: request.route,
      };
      this.#report(exchange);
    }
  }

  /** A connection that never spoke HTTP/1 is followed by turns from here on. */
  #onNonsense(side: "client" | "server", bytes: Buffer, time: number): boolean {
    if (this.#understood) return false;
    this.#instead = createTurnsConversation(this.#report);
    this.#instead[side].data(bytes, time);
    return true;
  }
}

// What is asked once is asked again.
const calls = new Map<string, Omit<Request, "start">>();
const mostCalls = 1024;

/** Undefined: this is no request line. */
function callOf(line: string): Omit<Request, "start"> | undefined {
  const known = calls.get(line);
  if (known !== undefined) return known;
  const [, method, target] = /^([A-Z]{1,20}) (\S+) HTTP\/1\.[01]$/.exec(line) ?? [];
  if (method === undefined || target === undefined) return undefined;
  const call = { method, route: method === "CONNECT" ? method : `${method} ${pathTemplate(target)}` };
  if (calls.size >= mostCalls) calls.clear();
  calls.set(line, call);
  return call;
}
