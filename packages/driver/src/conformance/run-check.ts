import { wordsOf } from "@outrigger/plugin";
import type { Check } from "./check.ts";
import { CheckFailure, CheckSkipped } from "./check-outcome.ts";
import { createProbe } from "./probe.ts";
import type { CheckReport, CheckResult } from "./report.ts";
import type { Session } from "./session.ts";
import { WireFailure } from "./wire/byte-reader.ts";
import type { Exchange } from "./wire/wire.ts";

const longestShown = 2_000;

/** Asks one check, and tidies up after it. A driver that ends meanwhile fails it, and is started again. */
export async function runCheck(check: Check, session: Session): Promise<CheckResult> {
  const started = performance.now();
  const probe = createProbe(session);
  if (session.running()?.ended() !== undefined) await session.start();
  let problem: unknown;
  try {
    await check.run(probe);
  } catch (error) {
    problem = error;
  }
  // That a process has ended is known a moment after its connections are.
  if (problem !== undefined) await new Promise((resolve) => setTimeout(resolve, 50));
  const ended = session.running()?.ended();
  if (ended !== undefined) {
    problem = new CheckFailure({ expected: "the driver to live on", found: `it ended (${ended})` });
    await session.start();
  }
  await probe.finish();
  const { id, level, title } = check;
  const told = { id, level, title, milliseconds: Math.round(performance.now() - started) };
  if (problem === undefined) return { ...told, outcome: "held" };
  if (problem instanceof CheckSkipped) return { ...told, outcome: "skipped", reason: problem.message };
  return { ...told, outcome: "failed", failure: failureOf(problem, check, probe.exchanges.at(-1)) };
}

function failureOf(problem: unknown, { because, mend }: Check, last: Exchange | undefined): CheckReport {
  if (!(problem instanceof CheckFailure)) {
    const found = problem instanceof WireFailure ? problem.message : `this could not be asked: ${wordsOf(problem)}`;
    return { expected: "an answer", found, because, mend, ...shown(last) };
  }
  const { expected, found, exchange } = problem.details;
  return { expected, found, because, mend, ...shown(exchange ?? last) };
}

function shown(exchange: Exchange | undefined): { readonly sent?: string; readonly got?: string } {
  if (exchange === undefined) return {};
  const { method, sent, answer, failure } = exchange;
  const got = answer === undefined ? (failure ?? "") : `${answer.head.status} ${cut(answer.text.trim())}`;
  return { sent: `POST /${method}${sent === "" ? " (no body)" : ` ${cut(sent)}`}`, got: got.trim() };
}

function cut(text: string): string {
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}... (${text.length} characters)`;
}
