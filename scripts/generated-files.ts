import { cliErrors } from "@outrigger/cli";
import { clusterErrors } from "@outrigger/cluster";
import { driverErrors } from "@outrigger/driver";
import { engineErrors } from "@outrigger/engine";
import { type ErrorDefinition, type ErrorMaker, jsonSchemas, pluginErrors, problemCodes } from "@outrigger/plugin";
import { registryErrors } from "@outrigger/registry";
import { runtimeErrors } from "@outrigger/runtime";
import { sdkErrors, z } from "@outrigger/sdk";
import { driverSdkErrors } from "@outrigger/sdk/driver";
import { openApiDocument, serverErrors } from "@outrigger/server";
import { policyField } from "../plugins/policy/rules/rules-field.ts";
import { checksPage } from "./checks-page.ts";
import { clusterPhasesPage } from "./cluster-phases-page.ts";
import { engineFields, engineTypes } from "./engine-api.ts";

type Catalogue = Readonly<Record<string, ErrorMaker<ErrorDefinition>>>;

const catalogues: readonly (readonly [title: string, catalogue: Catalogue])[] = [
  ["Plug-ins, versions and values", pluginErrors as Catalogue],
  ["Containers and images", runtimeErrors as Catalogue],
  ["Server", serverErrors as Catalogue],
  ["Engine gateway", engineErrors as Catalogue],
  ["Plug-in SDK", sdkErrors as Catalogue],
  ["Driver SDK", driverSdkErrors as Catalogue],
  ["Packages and registries", registryErrors as Catalogue],
  ["Drivers", driverErrors as Catalogue],
  ["Clusters", clusterErrors as Catalogue],
  ["Command line", cliErrors as Catalogue],
];

/** Every generated file, by its path in the checkout. `npm run generate` writes them; a test holds them equal. */
export async function generatedFiles(): Promise<Readonly<Record<string, string>>> {
  const schemas = Object.entries(jsonSchemas()).map(([name, schema]) => [`schemas/${name}`, `${JSON.stringify(schema, null, 2)}\n`]);
  const openApi = `${JSON.stringify(await openApiDocument(), null, 2)}\n`;
  return {
    ...Object.fromEntries(schemas),
    "plugins/policy/policy.schema.json": policySchema(),
    "docs/cluster-phases.md": clusterPhasesPage(),
    "docs/driver-test.md": checksPage(),
    "docs/errors.md": errorsPage(),
    "docs/openapi.json": openApi,
    "packages/sdk/src/engine-api/types.ts": engineTypes(),
    "packages/engine/src/json/engine-fields.ts": engineFields(),
  };
}

function policySchema(): string {
  const schema = z.toJSONSchema(policyField, { io: "input", target: "draft-2020-12" });
  return `${JSON.stringify({ title: "policy.yaml", description: "Rules of the plug-in policy.", ...schema }, null, 2)}\n`;
}

function errorsPage(): string {
  const sections = catalogues.map(([title, catalogue]) => {
    const rows = Object.entries(catalogue).map(
      ([code, { definition }]) => `| \`${code}\` | ${definition.status} | ${cell(definition.message)} | ${cell(definition.mend)} |`,
    );
    return `## ${title}\n\n| code | HTTP status | message | mend |\n|---|---|---|---|\n${rows.join("\n")}\n`;
  });
  const problems = Object.entries(problemCodes).map(([code, meaning]) => `| \`${code}\` | ${cell(meaning)} |`);
  return [
    "# Errors\n",
    "Generated from the error catalogues by `npm run generate`.\n",
    "The CLI prints the message and the mend, and exits 2 where the input is wrong (status 4xx) and 1 otherwise. The API answers with a problem document (RFC 9457) whose `type` is `https://outrigger.dev/problems/` and the code.\n",
    ...sections,
    "## Problems in files and requests\n",
    "One error can stand for several problems, each with its file, line, column and field.\n",
    `| code | meaning |\n|---|---|\n${problems.join("\n")}\n`,
  ].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
