import type { Conversation, Report } from "./conversation.ts";

/** For protocols that can't be read: who speaks after the other starts a turn. An exchange is from the caller's first byte to the answer's first. */
export function createTurnsConversation(report: Report): Conversation {
  let asked: number | undefined;
  let answering = false;
  const client = (time: number): void => {
    if (asked === undefined || answering) asked = time;
    answering = false;
  };
  const server = (time: number): void => {
    if (asked === undefined || answering) return;
    answering = true;
    report({ start: asked, first: time, end: time, outcome: "answered", failed: false });
  };
  return {
    client: { data: (_, time) => client(time), hole: (_, time) => client(time) },
    server: { data: (_, time) => server(time), hole: (_, time) => server(time) },
    end: (side, reset, time) => {
      if (asked === undefined || answering || !(reset || side === "server")) return;
      report({ start: asked, end: time, outcome: side === "server" ? "unanswered" : "aborted", failed: side === "server" });
      asked = undefined;
    },
    idle: () => {},
    drop: () => {},
  };
}
