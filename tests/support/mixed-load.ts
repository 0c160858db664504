import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** What became of one request; status 0: no answer came. */
export interface Outcome {
  /** `ping`, `list`, `remove`, or the name of the label of a created container, else `create`. */
  readonly kind: string;
  readonly status: number;
  readonly text: string;
}

export interface MixedLoad {
  /** What came back since the last call. */
  readonly take: () => readonly Outcome[];
  /** Ends when all that was asked is answered; gives what `take` has not taken. */
  readonly stop: () => Promise<readonly Outcome[]>;
}

const patience = 20_000;

/** About 200 requests a second, however long they take: pings, lists, and containers that are created and removed, some of each with one of the labels. */
export function mixedLoad(socketPath: string, labels: readonly string[]): MixedLoad {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  let outcomes: Outcome[] = [];
  let going = true;
  const asked = new Set<Promise<void>>();
  const ask = async (kind: string, method: string, path: string, body?: object): Promise<Outcome> => {
    const outcome = await exchange(agent, socketPath, method, path, body).then(
      ({ status, text }) => ({ kind, status, text }),
      (error: unknown) => ({ kind, status: 0, text: String(error) }),
    );
    outcomes.push(outcome);
    return outcome;
  };
  const create = async (label: string | undefined): Promise<void> => {
    const body = {
      Image: "tiny",
      Cmd: ["true"],
      Labels: label === undefined ? {} : { [label]: "yes" },
      HostConfig: { NetworkMode: "none" },
    };
    const { status, text } = await ask(label ?? "create", "POST", "/containers/create", body);
    if (status === 201) await ask("remove", "DELETE", `/containers/${(JSON.parse(text) as { Id: string }).Id}`);
  };
  const round: readonly (() => Promise<unknown>)[] = [
    ...labels.map((label) => () => create(label)),
    () => create(undefined),
    ...Array.from(
      { length: 18 },
      (_, index) => () => (index % 2 === 0 ? ask("ping", "GET", "/_ping") : ask("list", "GET", "/containers/json")),
    ),
  ];
  // Creating is two requests.
  const pause = (1000 * round.length) / 200 / (round.length + labels.length + 1);
  const send = async (): Promise<void> => {
    const start = performance.now();
    for (let number = 0; going; number += 1) {
      const one = round[number % round.length]?.().then(() => void asked.delete(one as Promise<void>)) as Promise<void>;
      asked.add(one);
      await sleep(Math.max(0, start + (number + 1) * pause - performance.now()));
    }
  };
  const sending = send();
  const take = (): readonly Outcome[] => {
    const taken = outcomes;
    outcomes = [];
    return taken;
  };
  return {
    take,
    stop: async () => {
      going = false;
      await sending;
      await Promise.all(asked);
      agent.destroy();
      return take();
    },
  };
}

function exchange(
  agent: Agent,
  socketPath: string,
  method: string,
  path: string,
  body?: object,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    const sent = request({ agent, socketPath, method, path, headers, timeout: patience }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.once("end", () => resolve({ status: answer.statusCode ?? 0, text }));
      answer.once("error", reject);
    });
    sent.once("timeout", () => sent.destroy(new TypeError("no answer in time")));
    sent.once("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
