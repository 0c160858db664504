import { cliErrors } from "./errors.ts";

/** Reads secrets: typed without echo on a terminal, else one line of the input for each. */
export function secretReader(): (what: string) => Promise<string> {
  if (process.stdin.isTTY) return typeSecret;
  let lines: Promise<string[]> | undefined;
  return async (what) => {
    lines ??= readLines();
    const line = (await lines).shift();
    if (line === undefined || line === "") throw cliErrors["prompt-impossible"]({ what });
    return line;
  };
}

async function readLines(): Promise<string[]> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
  return text.split(/\r?\n/);
}

async function typeSecret(what: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(`${what}: `);
  stdin.setRawMode(true).setEncoding("utf8").resume();
  try {
    let typed = "";
    for (;;) {
      const text = await new Promise<string>((done) => stdin.once("data", (chunk: string) => done(chunk)));
      for (const character of text) {
        if (character === "\r" || character === "\n") return typed;
        if (character === "\u0003" || character === "\u0004") throw cliErrors["prompt-impossible"]({ what });
        typed = character === "\u007f" ? typed.slice(0, -1) : typed + character;
      }
    }
  } finally {
    stdin.setRawMode(false).pause();
    stderr.write("\n");
  }
}
