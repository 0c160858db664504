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

/** @throws plugin-fault when a changed input has no longer the shape of its hook point */
export function checkInput(hook: ChangeHook, input: unknown): void {
  if (!isObject(input)) throw fault("the input that it changed is no object");
  const shape = shapes[hook];
  if (shape === undefined) return;
  for (const key in input)
    if (shape[key] === undefined) throw fault(`the input that it changed has a field ${key}, which ${hook} does not know`);
  for (const key in shape) if (shape[key]?.(input[key]) !== true) throw fault(`the input that it changed is wrong at ${key}`);
}
