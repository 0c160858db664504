import { formatImageReference, type ImageReference, parseImageReference } from "@outrigger/plugin";
import { familiarName } from "@outrigger/registry";
import { driverErrors } from "../errors.ts";
import type { DriverRecord } from "./record.ts";

/** A reference as it is shown: without `docker.io/` and `library/`, always with a tag. */
export function taggedName(reference: ImageReference): string {
  return familiarName(formatImageReference({ ...reference, tag: reference.tag ?? "latest", digest: null }));
}

/** The name that engines know a driver by: `localhost:5000/tools/dir-volume:1.0.0` -> `dir-volume`. */
export function publishedName(name: string): string {
  const { repository } = readReference(name);
  return repository.slice(repository.lastIndexOf("/") + 1);
}

/** @throws request-invalid */
export function readReference(text: string): ImageReference {
  const reference = parseImageReference(text);
  if (reference === undefined) throw driverErrors["request-invalid"]({ reason: `"${text}" is not the name of a plug-in` });
  return reference;
}

/** The driver of a name (without a tag: `latest`), the name that engines know it by, an id, or the beginning of one. @throws driver-unknown, driver-ambiguous */
export function findDriver<T extends { readonly record: DriverRecord }>(drivers: Iterable<T>, name: string): T {
  const all = [...drivers];
  const reference = parseImageReference(name);
  const familiar = reference === undefined ? name : taggedName(reference);
  const byName =
    all.find(({ record }) => record.name === familiar || record.id === name) ?? all.find(({ record }) => record.published === name);
  if (byName !== undefined) return byName;
  const [found, ...more] = /^[0-9a-f]+$/.test(name) ? all.filter(({ record }) => record.id.startsWith(name)) : [];
  if (found === undefined) throw driverErrors["driver-unknown"]({ name });
  if (more.length > 0) throw driverErrors["driver-ambiguous"]({ name });
  return found;
}
