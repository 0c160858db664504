import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";
import { filesErrors } from "./errors/files-errors.ts";
import { imageErrors } from "./errors/image-errors.ts";
import { planErrors } from "./errors/plan-errors.ts";
import { pluginsErrors } from "./errors/plugins-errors.ts";
import { runErrors } from "./errors/run-errors.ts";
import { sshErrors } from "./errors/ssh-errors.ts";

type Table = typeof filesErrors & typeof imageErrors & typeof planErrors & typeof pluginsErrors & typeof runErrors & typeof sshErrors;

export const clusterErrors: ErrorCatalogue<Table> = defineErrors({
  ...filesErrors,
  ...imageErrors,
  ...planErrors,
  ...sshErrors,
  ...pluginsErrors,
  ...runErrors,
});
