import { parseSchedule, type Schedule, ScheduleError } from "./schedule.ts";

export type Compression = "gzip" | "zstd" | "none";

export interface S3Settings {
  /** Without a path. */
  readonly endpoint: URL;
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** True: the bucket is in the path, else in the host's name. */
  readonly pathStyle: boolean;
}

export interface Settings {
  readonly schedule: Schedule;
  readonly scheduleText: string;
  readonly onStart: boolean;
  readonly source: string;
  /** What the archives' names begin with. */
  readonly name: string;
  readonly target: { readonly directory: string } | { readonly s3: S3Settings };
  readonly keep: number;
  readonly compression: Compression;
}

/** Settings that can't be worked with; each line names one of them. */
export class SettingsError extends Error {}

/** Reads the plug-in's variables. @throws SettingsError that names every wrong one; never with a secret in it */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const problems: string[] = [];
  const text = (name: string, fallback = ""): string => env[name] ?? fallback;
  const scheduleText = text("SCHEDULE", "0 3 * * *");
  const source = text("SOURCE");
  if (!source.startsWith("/")) problems.push(`SOURCE is '${source}': expected the path of a directory in one of the component's volumes`);
  const compression = text("COMPRESS", "gzip");
  if (!isCompression(compression)) problems.push(`COMPRESS is '${compression}': expected gzip, zstd or none`);
  const keep = Number(text("KEEP", "7"));
  if (!Number.isInteger(keep) || keep < 1) problems.push(`KEEP is '${text("KEEP")}': expected a whole number from 1`);
  const name = text("NAME", text("POD_NAME", "backup"));
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/.test(name))
    problems.push(`NAME is '${name}': expected letters, digits, dots, dashes and underscores`);
  const target = readTarget(text, problems);
  const schedule = readSchedule(scheduleText, problems);
  if (problems.length > 0 || schedule === undefined || target === undefined || !isCompression(compression))
    throw new SettingsError(problems.join("\n"));
  return { schedule, scheduleText, onStart: text("ON_START") === "true", source, name, target, keep, compression };
}

type Text = (name: string, fallback?: string) => string;

function readSchedule(text: string, problems: string[]): Schedule | undefined {
  try {
    return parseSchedule(text);
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    problems.push(error.message);
    return undefined;
  }
}

function readTarget(text: Text, problems: string[]): Settings["target"] | undefined {
  const target = text("TARGET", "/backups");
  if (target.startsWith("/")) return { directory: target };
  const [, bucket, prefix = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([A-Za-z0-9!_.*'()/-]*))?$/.exec(target) ?? [];
  if (bucket === undefined) {
    problems.push(`TARGET is '${target}': expected a directory (/backups) or a bucket (s3://BUCKET/PREFIX)`);
    return undefined;
  }
  const endpoint = readEndpoint(text("S3_ENDPOINT", "https://s3.amazonaws.com"), problems);
  const [accessKey, secretKey] = [text("S3_ACCESS_KEY"), text("S3_SECRET_KEY")];
  for (const [name, value] of [
    ["S3_ACCESS_KEY", accessKey],
    ["S3_SECRET_KEY", secretKey],
  ])
    if (value === "") problems.push(`${name} is missing: TARGET is ${target}`);
  if (endpoint === undefined) return undefined;
  const clean = prefix.replace(/\/+$/, "");
  const pathStyle = text("S3_PATH_STYLE", "true") !== "false";
  return {
    s3: {
      endpoint,
      bucket,
      prefix: clean === "" ? "" : `${clean}/`,
      region: text("S3_REGION", "us-east-1"),
      accessKey,
      secretKey,
      pathStyle,
    },
  };
}

function readEndpoint(text: string, problems: string[]): URL | undefined {
  const url = parseUrl(text);
  const plain =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.username === "" &&
    url.password === "" &&
    url.pathname === "/" &&
    url.search === "";
  if (!plain)
    problems.push("S3_ENDPOINT: expected the address of the store without path or credentials, e.g. https://s3.eu-central-1.amazonaws.com");
  return plain ? url : undefined;
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function isCompression(text: string): text is Compression {
  return text === "gzip" || text === "zstd" || text === "none";
}
