import type { Bell } from "./bell.ts";
import { type Database, inTransaction } from "./store/database.ts";
import { insertEvent, trimEvents } from "./store/events.ts";

export interface NewEvent {
  readonly team: string;
  /** e.g. `component:shop/web`, `build:b-123`, `plugin:wait-for@1.0.0`. */
  readonly subject: string;
  readonly kind: "normal" | "warning";
  readonly reason: string;
  readonly message: string;
}

/** What happened, per team; the newest are kept. */
export interface EventLog {
  /** Within the transaction of the change it tells of, so that neither is there without the other. */
  readonly record: (tx: Database, event: NewEvent) => Promise<void>;
  /** By itself. */
  readonly note: (event: NewEvent) => Promise<void>;
}

/** The topic that rings for a team's events. */
export function eventTopic(team: string): string {
  return `events:${team}`;
}

const kept = 10_000;
const trimEvery = 500;

export function createEventLog(db: Database, bell: Bell, clock: () => Date): EventLog {
  const written = new Map<string, number>();
  const record = async (tx: Database, event: NewEvent): Promise<void> => {
    await insertEvent(tx, { time: clock().toISOString(), ...event });
    const count = (written.get(event.team) ?? 0) + 1;
    written.set(event.team, count);
    if (count % trimEvery === 0) await trimEvents(tx, event.team, kept);
    // Whoever wakes now reads after this transaction: the store has one connection.
    bell.ring(eventTopic(event.team));
  };
  return { record, note: (event) => inTransaction(db, (tx) => record(tx, event)) };
}
