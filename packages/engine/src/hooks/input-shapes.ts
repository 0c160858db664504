import type { ChangeHook } from "@outrigger/plugin";
import { isObject } from "@outrigger/sdk";
import { fault } from "./answers.ts";

type Shape = (value: unknown) => boolean;

const text: Shape = (value) => typeof value === "string" && value !== "";
const textOrNull: Shape = (value) => value === null || text(value);
const wholeOrNull: Shape = (value) => value === null || Number.isSafeInteger(value);
const flag: Shape = (value) => typeof value === "boolean";
const texts: Shape = (value) => isObject(value) && Object.values(value).every((each) => typeof each === "string");

/** The fields of every input that a plug-in can change; undefined: those of the engine's own type, which the engine checks. Checked by hand, since it is done for every change. */
const shapes: Readonly<Record<ChangeHook, Readonly<Record<string, Shape>> | undefined>> = {
  "container.preCreate": { name: textOrNull, platform: textOrNull, body: isObject },
  "container.preCreateEndpoint": { priority: wholeOrNull, disableResolver: flag, parameters: texts, settings: isObject },
  "container.preUpdate": { body: isObject },
  "volume.preCreate": undefined,
  "network.preCreate": { body: isObject },
  "image.prePull": { reference: text, platform: textOrNull },
  "cri.preCreateContainer": { config: isObject, sandboxConfig: isObject },
};

/** Makes ready the check that a changed input still has the shape of its hook point. The check throws plugin-fault. */
export function compileShape(hook: ChangeHook): (input: unknown) => void {
  const shape = shapes[hook];
  const fields = Object.entries(shape ?? {}).map(([name, fits]) => ({ name, fits }));
  return (input) => {
    if (!isObject(input)) throw fault("the input that it changed is no object");
    if (shape === undefined) return;
    for (const { name, fits } of fields) if (!fits(input[name])) throw fault(`the input that it changed is wrong at ${name}`);
    // Counted first: to look for a strange field takes far longer, and it is done for every change.
    let count = 0;
    for (const _ in input) count += 1;
    const strange = count === fields.length ? undefined : Object.keys(input).find((key) => !Object.hasOwn(shape, key));
    if (strange !== undefined) throw fault(`the input that it changed has a field ${strange}, which ${hook} does not know`);
  };
}
