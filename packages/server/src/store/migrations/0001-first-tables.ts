import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

const statements = [
  "create table meta (name text primary key, value text not null)",
  "create table teams (name text primary key, allow text not null, created_at text not null, etag text not null)",
  `create table tokens (id text primary key, hash text not null, description text not null, admin integer not null, created_at text not null)`,
  `create table token_roles (
    token text not null references tokens on delete cascade, team text not null references teams on delete cascade, role text not null,
    primary key (token, team))`,
  `create table plugins (
    team text not null references teams, name text not null, layer text not null, display_name text not null, description text not null,
    created_at text not null, primary key (team, name))`,
  `create table versions (
    team text not null, plugin text not null, version text not null, rank text not null, state text not null, manifest text not null,
    image text, image_digest text, digest text, context_digest text, last_build text, created_at text not null, etag text not null,
    primary key (team, plugin, version), foreign key (team, plugin) references plugins (team, name) on delete cascade)`,
  "create unique index versions_by_rank on versions (team, plugin, rank)",
  "create index versions_by_state on versions (state)",
  `create table builds (
    number integer primary key autoincrement, id text not null unique, team text not null references teams on delete cascade,
    plugin text, version text, application text, component text, state text not null, reason text, image text, context_digest text,
    created_at text not null, started_at text, ended_at text)`,
  "create index builds_by_team on builds (team, number)",
  "create index builds_by_state on builds (state)",
  `create table build_lines (
    build text not null references builds (id) on delete cascade, line integer not null, text text not null, primary key (build, line))`,
  `create table component_images (
    team text not null references teams on delete cascade, application text not null, component text not null, image text not null,
    context_digest text, build_number integer not null, primary key (team, application, component))`,
  `create table applications (
    team text not null references teams, name text not null, deleting integer not null, component_names text not null, created_at text not null, etag text not null,
    primary key (team, name))`,
  `create table components (
    team text not null, application text not null, name text not null, position integer not null, spec text not null, wish text not null,
    etag text not null, primary key (team, application, name),
    foreign key (team, application) references applications (team, name) on delete cascade)`,
  "create index components_leaving on components (team, application) where wish in ('remove', 'remove-with-volumes')",
  `create table published_ports (
    port integer not null, transport text not null, address text not null, team text not null, application text not null,
    component text not null, primary key (port, transport, address),
    foreign key (team, application, component) references components (team, application, name) on delete cascade)`,
  "create index published_ports_by_component on published_ports (team, application, component)",
  `create table installations (
    team text not null, application text not null, component text not null, plugin text not null, version text not null,
    previous_version text, position integer not null, enabled integer not null, setting_values text not null, resources text, mounts text, origin text not null,
    etag text not null, primary key (team, application, component, plugin),
    foreign key (team, application, component) references components (team, application, name) on delete cascade,
    foreign key (team, plugin, version) references versions (team, plugin, version))`,
  "create index installations_by_version on installations (team, plugin, version)",
  `create table credentials (
    team text not null references teams on delete cascade, name text not null, kind text not null, host text not null,
    username text not null, sealed text not null, updated_at text not null, primary key (team, name))`,
  "create unique index credentials_by_host on credentials (team, kind, host)",
  `create table events (
    id integer primary key autoincrement, time text not null, team text not null references teams on delete cascade, subject text not null,
    kind text not null, reason text not null, message text not null)`,
  "create index events_by_team on events (team, id)",
  "create index events_by_subject on events (team, subject, id)",
];

export const firstTables: Migration = {
  up: async (db: Kysely<never>): Promise<void> => {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};
