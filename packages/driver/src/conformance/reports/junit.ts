import type { CheckResult, ConformanceReport } from "../report.ts";

/** The report as JUnit XML: a suite for each of the checks' suites. A SHOULD that does not hold is a failure only when the report is strict, else it is told as output. */
export function junitReport(report: ConformanceReport): string {
  const suites = Map.groupBy(report.results, ({ id }) => id.slice(0, id.indexOf(".")));
  const body = [...suites].map(([suite, results]) => suiteXml(suite, results, report));
  const attributes = totals(report.results, report.strict);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="outrigger driver test" ${attributes} time="${seconds(report.milliseconds)}">`,
    ...body,
    "</testsuites>",
    "",
  ].join("\n");
}

function suiteXml(suite: string, results: readonly CheckResult[], { driver, startedAt, strict }: ConformanceReport): string {
  const time = results.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const head = `  <testsuite name="${suite}" ${totals(results, strict)} errors="0" time="${seconds(time)}" timestamp="${startedAt.slice(0, 19)}" hostname="${escaped(driver)}">`;
  return [head, ...results.map((result) => caseXml(suite, result, strict)), "  </testsuite>"].join("\n");
}

function caseXml(suite: string, { id, level, title, outcome, reason, failure, milliseconds }: CheckResult, strict: boolean): string {
  const head = `    <testcase classname="driver.${suite}" name="${escaped(`${id} (${level}): ${title}`)}" time="${seconds(milliseconds)}"`;
  if (outcome === "held") return `${head}/>`;
  if (failure === undefined) return `${head}><skipped message="${escaped(reason ?? "")}"/></testcase>`;
  const { expected, found, because, mend, sent, got } = failure;
  const lines = [
    `expected: ${expected}`,
    `but: ${found}`,
    `sent: ${sent ?? ""}`,
    `got: ${got ?? ""}`,
    `matters: ${because}`,
    `mend: ${mend}`,
  ];
  const text = escaped(lines.join("\n"));
  if (level === "SHOULD" && !strict) return `${head}><system-out>${text}</system-out></testcase>`;
  return `${head}><failure type="${level}" message="${escaped(`${found}; expected ${expected}`)}">${text}</failure></testcase>`;
}

function totals(results: readonly CheckResult[], strict: boolean): string {
  const failures = results.filter(({ outcome, level }) => outcome === "failed" && (strict || level === "MUST")).length;
  const skipped = results.filter(({ outcome }) => outcome === "skipped").length;
  return `tests="${results.length}" failures="${failures}" skipped="${skipped}"`;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

/** XML 1.0 has no place for most control characters: they become U+FFFD. */
function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\n": "&#10;",
    "\t": "&#9;",
    "\r": "&#13;",
  };
  return (
    text
      .toWellFormed()
      .replace(/[&<>"\n\t\r]/g, (char) => names[char] ?? char)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that XML forbids
      .replace(/[\u0000-\u001f\ufffe\uffff]/g, "\ufffd")
  );
}
