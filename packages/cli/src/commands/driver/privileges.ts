import type { Command } from "commander";
import { type ApiOptions, openApi, withApi } from "../../driver/api-options.ts";
import { askedPrivileges, type FromOptions, remotePackage } from "../../driver/remote-package.ts";
import { type OutputOptions, withExamples, withOutput } from "../../options.ts";
import { print } from "../../output/print.ts";
import { formatTable } from "../../output/table.ts";

export function define(command: Command): void {
  withOutput(withApi(command))
    .argument("<reference>", "the driver: a package of the local store, else HOST/NAME:TAG in a registry")
    .option("--from <layout>", "an image layout, a folder or what `outrigger save` wrote, in which the package is")
    .description("Shows what a driver asks for beyond a plain container, before anything is installed.")
    .action(privileges);
  withExamples(command, "driver privileges registry.example/tools/dir-volume:1.0.0");
}

async function privileges(reference: string, options: ApiOptions & FromOptions & OutputOptions): Promise<void> {
  const remote = await remotePackage(reference, options);
  const asked = await askedPrivileges(await openApi(options), remote, options);
  await print(options.output, asked, () =>
    formatTable(
      [
        { title: "name", cell: ({ Name }) => Name },
        { title: "value", cell: ({ Value }) => Value.join(", ") },
        { title: "meaning", cell: ({ Description }) => Description },
      ],
      asked,
    ),
  );
}
