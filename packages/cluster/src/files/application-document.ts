import type { PlainProblem, Problem, SourceDocument } from "@outrigger/plugin";
import * as z from "zod";
import type { ConfigDocument } from "../model/config-document.ts";
import type { OriginFile } from "../model/origin.ts";
import { applicationName, applicationPath, rootfsPath } from "./config-documents.ts";
import { apiVersionField, checkFields, emptyStatus, metadataField } from "./document-fields.ts";
import { environmentField, variablesOf } from "./environment.ts";

const texts = z.array(z.string());

const applicationField = z.strictObject({
  apiVersion: apiVersionField.exactOptional(),
  kind: z.literal("Application"),
  metadata: metadataField,
  spec: z.strictObject({
    cmds: texts.nullable().exactOptional(),
    launchApps: z.array(applicationName).nullable().exactOptional(),
    configs: z
      .array(
        z.strictObject({
          name: applicationName,
          env: environmentField.nullable().exactOptional(),
          files: z
            .array(
              z.strictObject({
                path: z.string().min(1),
                data: z.string(),
                strategy: z.enum(["overwrite", "merge"]).exactOptional(),
              }),
            )
            .exactOptional(),
          launch: z.strictObject({ cmds: texts.exactOptional() }).nullable().exactOptional(),
        }),
      )
      .exactOptional(),
  }),
  status: emptyStatus.exactOptional(),
});

/** What an Application document (Sealer 0.9 and later) gives: files as Config documents, the rest as settings for the image's scripts. */
export interface ApplicationReading {
  readonly commands?: readonly string[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly configs: readonly ConfigDocument[];
  readonly problems: readonly Problem[];
}

export function readApplicationDocument(source: SourceDocument, origin: OriginFile): ApplicationReading {
  const fields = checkFields(source, applicationField);
  if ("problems" in fields) return { settings: {}, configs: [], problems: fields.problems };
  const problems: Problem[] = [];
  const say = (problem: PlainProblem): void => void problems.push(source.place(problem));
  const { cmds, launchApps, configs = [] } = fields.value.spec;
  const files = configs.flatMap(({ name, files: own = [] }, at) =>
    own.map(
      ({ path, data, strategy = "overwrite" }, index): ConfigDocument => ({
        name: `${name}-${index + 1}`,
        path: rootfsPath(applicationPath(name, path), ["spec", "configs", at, "files", index, "path"], path, say),
        data,
        strategy,
        process: [],
        template: false,
        application: name,
        origin: { ...origin, line: source.line },
      }),
    ),
  );
  const applications = configs.map(({ name, env, launch }, at) => [
    name,
    {
      env: variablesOf(env ?? undefined, ["spec", "configs", at, "env"], say),
      ...(launch?.cmds === undefined ? {} : { cmds: launch.cmds }),
    },
  ]);
  const settings = {
    ...(launchApps ? { launchApps } : {}),
    ...(applications.length > 0 ? { applications: Object.fromEntries(applications) as unknown } : {}),
  };
  return { ...(cmds ? { commands: cmds } : {}), settings, configs: files, problems };
}
