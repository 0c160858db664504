import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

const statements = [
  "alter table installations add column instance text not null default ''",
  // What is installed already gets a name as random as those to come.
  "update installations set instance = lower(hex(randomblob(12)))",
  "alter table installations add column revision integer not null default 1",
  `create table revisions (
    team text not null, application text not null, component text not null, plugin text not null, number integer not null,
    version text not null, setting_values text not null, author text not null, created_at text not null, rolled_back_to integer,
    primary key (team, application, component, plugin, number),
    foreign key (team, application, component, plugin) references installations (team, application, component, plugin) on delete cascade)`,
  `insert into revisions select team, application, component, plugin, 1, version, setting_values, 'unknown', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), null
    from installations`,
];

export const liveSettings: Migration = {
  up: async (db: Kysely<never>): Promise<void> => {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};
