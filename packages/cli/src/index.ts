export { cliErrors } from "./errors.ts";
