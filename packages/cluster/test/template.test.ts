import assert from "node:assert/strict";
import { test } from "node:test";
import { type Rendering, renderData, renderTemplate, templateFault } from "@outrigger/cluster";
import { isOutriggerError } from "@outrigger/plugin";
import fc from "fast-check";

const variables = { NAME: "tiny", EMPTY: "", LIST: "a b  c", podcidr: "100.64.0.0/10" };

function fill(template: string): string {
  const rendering = renderTemplate(template, variables);
  assert.ok(rendering.ok, JSON.stringify(rendering));
  return rendering.text;
}

function fault(rendering: Rendering): string {
  assert.ok(!rendering.ok, JSON.stringify(rendering));
  return `${rendering.fault.line}:${rendering.fault.column} ${rendering.fault.message}`;
}

test("templates: variables, defaults, conditions, lists, comments and white space, as Go's text/template has them", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["cidr: {{ .podcidr }}\n", "cidr: 100.64.0.0/10\n"],
    ["{{.NAME}}{{- /* no space */ -}} x", "tinyx"],
    ['{{ .NONE | default "x" }}{{ default "y" .EMPTY }}{{ .NAME | default "z" }}', "xytiny"],
    ["{{ if .NAME }}a{{ else }}b{{ end }}{{ if .NONE }}a{{ else }}b{{ end }}{{ if .EMPTY }}c{{ end }}", "ab"],
    ['{{ if eq .NAME "big" }}1{{ else if ne .NAME "tiny" }}2{{ else }}3{{ end }}', "3"],
    ["{{ if and .NAME .EMPTY }}1{{ end }}{{ if or .EMPTY .NAME }}2{{ end }}{{ if not .EMPTY }}3{{ end }}", "23"],
    ['{{ if and (eq .NAME "tiny") (not .NONE) }}yes{{ end }}', "yes"],
    ["{{ range .LIST }}[{{ . }} of {{ $.NAME }}]{{ end }}", "[a of tiny][b of tiny][c of tiny]"],
    ["{{ range .EMPTY }}x{{ else }}none{{ end }}", "none"],
    ['a: {{ quote .NAME }} {{ "{{" }} {{ `}}` }}', 'a: "tiny" {{ }}'],
    ["a \n  {{- if .NAME }}\n  b\n  {{- end }}\n", "a\n  b\n"],
    ['{{ eq .NAME "a" "tiny" }}', "true"],
    ["no braces } { }}", "no braces } { }}"],
  ];
  for (const [template, text] of cases) assert.equal(fill(template), text, template);
});

test("templates: everything else is a fault with its place; nothing is dropped", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["a\nb {{ .NONE }}", /^2:3 NONE is not set\. Give it in `env`, or write \{\{ \.NONE \| default "" \}\}\.$/],
    ["{{ .NONE | quote }}", /^1:1 NONE is not set/],
    ["{{ .NAME", /^1:1 This `\{\{` has no `\}\}`/],
    ["{{ if .NAME }}a", /^1:1 This `if` has no `end`/],
    ["{{ if .NAME }}a{{ else }}b", /^1:1 This `if` has no `end`/],
    ["a{{ end }}", /^1:2 `end` without/],
    ["{{ else }}", /`else` without/],
    ["{{ toYaml .NAME }}", /There is no function `toYaml`; known are default, quote, eq/],
    ["{{ .Values.image }}", /A value can't be given values/],
    ["{{ $x := .NAME }}", /is not understood here/],
    ["{{ }}", /Something is missing/],
    ["{{ .NAME | }}", /Something is missing/],
    ["{{ default .NAME }}", /`default` takes 2 values, not 1/],
    ["{{ (.NAME }}", /no counterpart/],
    ["{{ .NAME) }}", /no counterpart/],
    ["{{ . }}", /inside `range` only/],
    ["{{ range .LIST }}{{ .NAME }}{{ end }}", /Inside `range` a variable is written \$\.NAME/],
    ["{{ define }}", /no function `define`/],
    ["{{ end if }}", /`end` without/],
    ['{{ "\\x" }}', /no text in quotes/],
    ["{{ .toString }}", /toString is not set/],
  ];
  for (const [template, said] of cases) assert.match(fault(renderTemplate(template, variables)), said, template);
});

test("templates: of a plug-in's data every text is filled, and a fault names the plug-in", () => {
  assert.deepEqual(renderData({ a: ["{{ .NAME }}", 1, null], "{{ .NAME }}": true }, variables, "motd"), {
    a: ["tiny", 1, null],
    "{{ .NAME }}": true,
  });
  assert.throws(
    () => renderData("x\n{{ .NONE }}", variables, "motd"),
    (error) =>
      isOutriggerError(error) &&
      error.code === "template-invalid" &&
      /^The template the data of motd, line 2, column 1 can't/.test(error.message),
  );
});

test("property: any text is filled or refused, never an exception; text without braces stays", () => {
  const pieces = fc.constantFrom(
    "{{",
    "}}",
    "-",
    " ",
    ".",
    ".NAME",
    "$",
    "if",
    "else",
    "end",
    "range",
    "|",
    "(",
    ")",
    '"',
    "`",
    "x",
    "\n",
    "/*",
    "*/",
    "eq",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 14 }), (parts) => {
      const template = parts.join("");
      const rendering = renderTemplate(template, variables);
      if (templateFault(template) !== undefined) assert.equal(rendering.ok, false);
      if (!template.includes("{{")) assert.deepEqual(rendering, { ok: true, text: template });
    }),
    { numRuns: 2000 },
  );
});
