/**
 * A text that sorts as the version does (semver 2.0.0, item 11), so that a database can order versions.
 * Numbers carry their length, identifiers of letters come after numbers, and a release comes after its pre-releases.
 */
export function versionRank(version: string): string {
  const dash = version.indexOf("-");
  const core = dash < 0 ? version : version.slice(0, dash);
  const numbers = core.split(".").map(numberRank).join(".");
  return dash < 0
    ? `${numbers}~`
    : `${numbers}-${version
        .slice(dash + 1)
        .split(".")
        .map(identifierRank)
        .join("")}`;
}

function numberRank(digits: string): string {
  return `${String(digits.length).padStart(3, "0")}${digits}`;
}

/** `!` is below every character of an identifier, so that a shorter list of identifiers comes first. */
function identifierRank(identifier: string): string {
  return /^\d+$/.test(identifier) ? `!0${numberRank(identifier)}` : `!1${identifier}`;
}
