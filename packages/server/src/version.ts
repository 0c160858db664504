import packageFile from "../package.json" with { type: "json" };

/** The version of this package. */
export const outriggerVersion: string = packageFile.version;
