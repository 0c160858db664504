import { randomBytes } from "node:crypto";
import { afterAction, type VersionAction } from "@outrigger/plugin";
import type { Bell } from "../bell.ts";
import { sha256 } from "../canonical.ts";
import { serverErrors } from "../errors.ts";
import type { EventLog } from "../events.ts";
import { type BuildRow, findBuild, insertBuild, openBuilds, putComponentImage, trimBuilds, updateBuild } from "../store/builds.ts";
import { type Database, inTransaction } from "../store/database.ts";
import { newEtag } from "../store/etag.ts";
import { findVersion, updateVersion, type VersionKey } from "../store/plugins.ts";
import { subjectOf } from "./job.ts";
import { buildTopic } from "./log.ts";
import type { BuiltImage } from "./runner.ts";

/** How a build ended. */
export type Ending =
  | ({ readonly state: "built" } & BuiltImage)
  | { readonly state: "failed" | "timed-out" | "cancelled"; readonly reason: string };

/** Keeps what the store says of builds, and of the versions and components that they are for, in step. */
export interface BuildRecords {
  /** `etag`: of the version that the build's source was taken from. @throws version-unknown, version-fixed, version-busy, changed-meanwhile */
  readonly openVersionBuild: (key: VersionKey & { readonly etag: string }, contextDigest: string | undefined) => Promise<BuildRow>;
  readonly openComponentBuild: (team: string, application: string, component: string, contextDigest: string) => Promise<BuildRow>;
  readonly started: (build: BuildRow) => Promise<void>;
  readonly ended: (build: BuildRow, ending: Ending) => Promise<void>;
  /** Ends what an earlier run of the server left open. */
  readonly endInterrupted: () => Promise<void>;
}

export interface RecordsParts {
  readonly db: Database;
  readonly bell: Bell;
  readonly events: EventLog;
  readonly clock: () => Date;
  /** A component's image is there. */
  readonly onComponentBuilt: (team: string, application: string) => void;
}

const keptBuilds = 200;
const actions: Readonly<Record<Ending["state"], VersionAction>> = {
  built: "succeed",
  failed: "fail",
  "timed-out": "time-out",
  cancelled: "cancel",
};

export function createBuildRecords({ db, bell, events, clock, onComponentBuilt }: RecordsParts): BuildRecords {
  const now = (): string => clock().toISOString();

  const open = async (tx: Database, team: string, about: Partial<BuildRow>): Promise<BuildRow> => {
    const none = { plugin: null, version: null, application: null, component: null, context_digest: null };
    const times = { created_at: now(), started_at: null, ended_at: null };
    const id = `b-${randomBytes(8).toString("hex")}`;
    const build = await insertBuild(tx, { ...none, ...about, id, team, state: "queued", reason: null, image: null, ...times });
    await trimBuilds(tx, team, keptBuilds);
    return build;
  };

  const endVersion = async (tx: Database, build: BuildRow, key: VersionKey, ending: Ending): Promise<void> => {
    const version = await findVersion(tx, key);
    // Only the build that the version waits for may change it.
    if (version?.last_build !== build.id || version.state !== "building") return;
    const state = afterAction(version.state, actions[ending.state], key);
    const image = ending.state === "built" ? ending : undefined;
    await updateVersion(tx, key, {
      state,
      etag: newEtag(),
      ...(image && {
        image: image.image,
        image_digest: image.imageDigest ?? null,
        context_digest: image.contextDigest ?? null,
        digest: sha256(`${version.manifest}\n${image.image}`),
      }),
    });
  };

  const end = async (tx: Database, build: BuildRow, ending: Ending): Promise<void> => {
    const current = await findBuild(tx, build.team, build.id);
    if (current === undefined || current.ended_at !== null) return;
    const image = ending.state === "built" ? ending : undefined;
    const reason = ending.state === "built" ? null : ending.reason;
    await updateBuild(tx, build.id, { state: ending.state, reason, image: image?.image ?? null, ended_at: now() });
    const key = versionKey(build);
    if (key !== undefined) await endVersion(tx, build, key, ending);
    else if (image !== undefined && build.application !== null && build.component !== null) {
      const { team, application, component } = build;
      const digest = image.contextDigest ?? null;
      await putComponentImage(tx, { team, application, component, image: image.image, context_digest: digest, build_number: build.number });
    }
    const subject = subjectOf(build);
    const message = `The build ${build.id} of ${subject} is ${ending.state}${reason === null ? "." : `: ${reason}`}`;
    const kind = ending.state === "built" ? "normal" : "warning";
    await events.record(tx, { team: build.team, subject: `build:${build.id}`, kind, reason: ending.state, message });
  };

  return {
    openVersionBuild: (key, contextDigest) =>
      inTransaction(db, async (tx) => {
        const version = await findVersion(tx, key);
        if (version === undefined) throw serverErrors["version-unknown"](key);
        const state = afterAction(version.state, "build", key);
        const what = `${key.plugin}@${key.version}`;
        if (version.etag !== key.etag) throw serverErrors["changed-meanwhile"]({ what, found: version.etag });
        const build = await open(tx, key.team, { plugin: key.plugin, version: key.version, context_digest: contextDigest ?? null });
        await updateVersion(tx, key, { state, last_build: build.id, etag: newEtag() });
        return build;
      }),
    openComponentBuild: (team, application, component, contextDigest) =>
      inTransaction(db, (tx) => open(tx, team, { application, component, context_digest: contextDigest })),
    started: async (build) => {
      await updateBuild(db, build.id, { state: "building", started_at: now() });
      bell.ring(buildTopic(build.id));
    },
    ended: async (build, ending) => {
      await inTransaction(db, (tx) => end(tx, build, ending));
      bell.ring(buildTopic(build.id));
      if (ending.state === "built" && build.application !== null) onComponentBuilt(build.team, build.application);
    },
    endInterrupted: () =>
      inTransaction(db, async (tx) => {
        const { message: reason } = serverErrors["build-interrupted"]({});
        for (const build of await openBuilds(tx)) await end(tx, build, { state: "failed", reason });
      }),
  };
}

function versionKey({ team, plugin, version }: BuildRow): VersionKey | undefined {
  return plugin === null || version === null ? undefined : { team, plugin, version };
}
