import type { ChangeHook } from "@outrigger/plugin";
import { isObject } from "@outrigger/sdk";
import { fault } from "./answers.ts";

type Test = (value: unknown) => boolean;

const text: Test = (value) => typeof value === "string" && value !== "";
const textOrNull: Test = (value) => value === null || text(value);
const wholeOrNull: Test = (value) => value === null || Number.isSafeInteger(value);
const flag: Test = (value) => typeof value === "boolean";
const texts: Test = (value) => isObject(value) && Object.values(value).every((each) => typeof each === "string");

interface Shape {
  readonly fields: readonly string[];
  /** The first field that does not fit. Written out, since it is asked for every change and a loop over names takes three times as long. */
  readonly wrong: (input: Readonly<Record<string, unknown>>) => string | undefined;
}

const bodyOnly: Shape = { fields: ["body"], wrong: ({ body }) => (isObject(body) ? undefined : "body") };

/** The fields of every input that a plug-in can change; undefined: those of the engine's own type, which the engine checks. */
const shapes: Readonly<Record<ChangeHook, Shape | undefined>> = {
  "container.preCreate": {
    fields: ["name", "platform", "body"],
    wrong({ name, platform, body }) {
      if (!textOrNull(name)) return "name";
      if (!textOrNull(platform)) return "platform";
      return isObject(body) ? undefined : "body";
    },
  },
  "container.preCreateEndpoint": {
    fields: ["priority", "disableResolver", "parameters", "settings"],
    wrong({ priority, disableResolver, parameters, settings }) {
      if (!wholeOrNull(priority)) return "priority";
      if (!flag(disableResolver)) return "disableResolver";
      if (!texts(parameters)) return "parameters";
      return isObject(settings) ? undefined : "settings";
    },
  },
  "container.preUpdate": bodyOnly,
  "volume.preCreate": undefined,
  "network.preCreate": bodyOnly,
  "image.prePull": {
    fields: ["reference", "platform"],
    wrong({ reference, platform }) {
      if (!text(reference)) return "reference";
      return textOrNull(platform) ? undefined : "platform";
    },
  },
  "cri.preCreateContainer": {
    fields: ["config", "sandboxConfig"],
    wrong({ config, sandboxConfig }) {
      if (!isObject(config)) return "config";
      return isObject(sandboxConfig) ? undefined : "sandboxConfig";
    },
  },
};

/** Makes ready the check that a changed input still has the shape of its hook point. The check throws plugin-fault. */
export function compileShape(hook: ChangeHook): (input: unknown) => void {
  const shape = shapes[hook];
  return (input) => {
    if (!isObject(input)) throw fault("the input that it changed is no object");
    if (shape === undefined) return;
    const { fields, wrong } = shape;
    const misfit = wrong(input);
    if (misfit !== undefined) throw fault(`the input that it changed is wrong at ${misfit}`);
    let count = 0;
    for (const _ in input) count += 1;
    const strange = count === fields.length ? undefined : Object.keys(input).find((key) => !fields.includes(key));
    if (strange !== undefined) throw fault(`the input that it changed has a field ${strange}, which ${hook} does not know`);
  };
}
