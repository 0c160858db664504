import { driverError, type LogInfo } from "@outrigger/sdk/driver";

/** What `labels`, `env` and `tag` ask to be written with every line, as Docker's own drivers do it. @throws DriverError */
export function attributesOf(info: LogInfo): Readonly<Record<string, string>> {
  const { config } = info;
  const variables = Object.fromEntries(info.containerEnv.map((each) => [each.split("=", 1)[0] ?? "", each.slice(each.indexOf("=") + 1)]));
  return {
    ...chosen(info.containerLabels, config["labels"], matcher("labels-regex", config["labels-regex"])),
    ...chosen(variables, config["env"], matcher("env-regex", config["env-regex"])),
    ...(config["tag"] === undefined ? {} : { tag: tagOf(config["tag"], info) }),
  };
}

function chosen(
  values: Readonly<Record<string, string>>,
  names: string | undefined,
  matches: (name: string) => boolean,
): Readonly<Record<string, string>> {
  const listed = (names ?? "").split(",").map((name) => name.trim());
  return Object.fromEntries(Object.entries(values).filter(([name]) => listed.includes(name) || matches(name)));
}

function matcher(option: string, pattern: string | undefined): (name: string) => boolean {
  if (pattern === undefined) return () => false;
  try {
    const expression = new RegExp(pattern);
    return (name) => expression.test(name);
  } catch {
    throw driverError(`${option} is ${JSON.stringify(pattern)}, which is no regular expression`);
  }
}

/** Docker's own fields for tags; no other template is filled in. */
function tagOf(template: string, info: LogInfo): string {
  const fields: Readonly<Record<string, string>> = {
    ID: info.containerId.slice(0, 12),
    FullID: info.containerId,
    Name: info.containerName,
    ImageID: info.containerImageId.replace(/^sha256:/, "").slice(0, 12),
    ImageFullID: info.containerImageId,
    ImageName: info.containerImageName,
    DaemonName: info.daemonName,
  };
  return template.replaceAll(/\{\{(.*?)\}\}/g, (whole, inner: string) => {
    const name = inner.trim().replace(/^\./, "");
    if (inner.trim().startsWith(".") && Object.hasOwn(fields, name)) return fields[name] ?? "";
    throw driverError(
      `tag has ${whole}; there are ${Object.keys(fields)
        .map((field) => `{{.${field}}}`)
        .join(", ")}`,
    );
  });
}
