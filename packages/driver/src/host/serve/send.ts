import type { ServerResponse } from "node:http";
import { isOutriggerError, wordsOf } from "@outrigger/plugin";
import type { ProgressLine, TellProgress } from "../progress.ts";

export function sendJson(answer: ServerResponse, value: unknown, status = 200): void {
  const text = `${JSON.stringify(value)}\n`;
  answer.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) }).end(text);
}

export function sendText(answer: ServerResponse, text: string): void {
  answer.writeHead(200, { "content-type": "text/plain; charset=utf-8", "content-length": Buffer.byteLength(text) }).end(text);
}

export function sendNothing(answer: ServerResponse, status: number): void {
  answer.writeHead(status, status === 204 ? {} : { "content-length": 0 }).end();
}

/** An error as engines tell it; the code and the mend stand beside, for our own command line. */
export function sendError(answer: ServerResponse, error: unknown): void {
  if (answer.headersSent) return void answer.destroy();
  const known = isOutriggerError(error);
  const status = known ? error.status : 500;
  sendJson(answer, { message: wordsOf(error), ...(known ? { code: error.code, hint: error.hint } : {}) }, status);
}

/**
 * Runs something long, whose progress is a stream of JSON lines. What fails before its first line has a status of its own; afterwards the failure is the
 * stream's last line.
 */
export async function streamProgress(
  answer: ServerResponse,
  run: (tell: TellProgress, begin: () => void) => Promise<unknown>,
): Promise<void> {
  const begin = (): void => {
    if (!answer.headersSent) answer.writeHead(200, { "content-type": "application/json" });
  };
  const tell = (line: ProgressLine): void => void answer.write(`${JSON.stringify(line)}\r\n`);
  try {
    await run(tell, begin);
    begin();
  } catch (error) {
    if (!answer.headersSent) throw error;
    const code = isOutriggerError(error) ? { code: error.code, hint: error.hint } : {};
    answer.write(`${JSON.stringify({ errorDetail: { message: wordsOf(error), ...code }, error: wordsOf(error) })}\r\n`);
  }
  answer.end();
}
