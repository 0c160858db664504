import { driverError, type VolumeCreation } from "@outrigger/sdk/driver";

/** What `docker volume create -o KEY=VALUE` asks for. */
export interface VolumeOptions {
  /** Bytes. */
  readonly size?: number;
  /** Of the volume's own folder. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** The volume begins with what this one holds. */
  readonly from?: string;
  /** The volume is this one as it is now, for reading only. */
  readonly snapshotOf?: string;
}

const keys: readonly string[] = ["size", "mode", "uid", "gid", "from", "snapshot-of"];
/** Below it ext4 keeps no journal, and a crash could cost files. */
export const smallestSize: number = 16 * 1024 ** 2;
const largestId = 2 ** 32 - 2;

/** @throws DriverError that names what is wrong and what is expected */
export function readOptions({ options }: Pick<VolumeCreation, "options">): VolumeOptions {
  const unknown = Object.keys(options).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw driverError(`there is no option ${JSON.stringify(unknown)}; there are ${keys.join(", ")}`);
  const alone = options["snapshot-of"] !== undefined ? "snapshot-of" : undefined;
  refuseBeside(options, alone, keys);
  refuseBeside(options, options["from"] !== undefined ? "from" : undefined, ["mode", "uid", "gid", "snapshot-of"]);
  const { size, mode, uid, gid, from, "snapshot-of": snapshotOf } = options;
  return {
    ...(size === undefined ? {} : { size: parseSize("size", size) }),
    ...(mode === undefined ? {} : { mode: parseMode(mode) }),
    ...(uid === undefined ? {} : { uid: parseId("uid", uid) }),
    ...(gid === undefined ? {} : { gid: parseId("gid", gid) }),
    ...(from === undefined ? {} : { from: checkName(from) }),
    ...(snapshotOf === undefined ? {} : { snapshotOf: checkName(snapshotOf) }),
  };
}

function refuseBeside(options: Readonly<Record<string, string>>, key: string | undefined, others: readonly string[]): void {
  const other = key === undefined ? undefined : others.find((each) => each !== key && options[each] !== undefined);
  if (other !== undefined) throw driverError(`${key} takes owners, modes and all else from its volume: leave ${other} away`);
}

/** Bytes of `512M`, `1G`, `1GiB`: powers of 1024, as the engine's own sizes. @throws DriverError */
export function parseSize(what: string, text: string): number {
  const [, digits, unit] = /^([0-9]{1,12})([kmgt]?)i?b?$/i.exec(text) ?? [];
  const bytes = Number(digits) * 1024 ** " kmgt".indexOf(unit?.toLowerCase() || " ");
  if (digits === undefined || bytes > 16 * 1024 ** 4)
    throw driverError(`${what} is ${JSON.stringify(text)}; expected is e.g. 512M, at most 16T`);
  if (bytes < smallestSize) throw driverError(`${what} is ${text}; the smallest is 16M`);
  return bytes;
}

function parseMode(text: string): number {
  if (/^[0-7]{3,4}$/.test(text)) return Number.parseInt(text, 8);
  throw driverError(`mode is ${JSON.stringify(text)}; expected are three or four octal digits, e.g. 0750`);
}

function parseId(what: string, text: string): number {
  const id = Number(text);
  if (/^[0-9]{1,10}$/.test(text) && id <= largestId) return id;
  throw driverError(`${what} is ${JSON.stringify(text)}; expected is a number from 0 to ${largestId}`);
}

/** A volume's name is a folder's: what engines take for names, and nothing that leads elsewhere. @throws DriverError */
export function checkName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/.test(name)) return name;
  throw driverError(
    `${JSON.stringify(name)} is no volume's name: expected are letters, digits, "_", "." and "-", at most 255, a letter or digit first`,
  );
}
