import type { PodKey } from "@outrigger/pod";
import type { LogLine, LogOptions } from "../../runtime.ts";
import { Channel } from "../client/channel.ts";
import type { EngineContext } from "../client/context.ts";
import { observeComponent } from "../pod/observe.ts";
import { isNever } from "../pod/status.ts";
import { containerLines, mergedLines } from "./logs.ts";

/** Calls back whenever the pod may have changed; gives what stops it. */
export type Watch = (onChange: () => void) => () => void;

/** One run of one container of one of a component's pods. */
interface Source {
  readonly replica: number;
  readonly id: string;
  readonly name: string;
  readonly startedAt: string;
}

/**
 * The lines of a component's pods. First what is written already, in the order of its times; then, with `follow`, each line as it comes, from whatever container bears the
 * name: started again, made anew, or added later.
 */
export async function* podLogs(context: EngineContext, key: PodKey, options: LogOptions, watch: Watch): AsyncGenerator<LogLine> {
  const seen = new Map<string, string>();
  const find = async (): Promise<readonly Source[]> => {
    const pods = await observeComponent(context.client, context.owner, key);
    return [...pods].flatMap(([replica, { containers }]) =>
      [...containers.values()]
        .filter(({ name, startedAt }) => (options.containers?.includes(name) ?? true) && !isNever(startedAt))
        .filter(() => replica === (options.replica ?? replica))
        .map(({ id, name, startedAt }) => ({ replica, id, name, startedAt })),
    );
  };
  const tail = options.tail === undefined ? {} : { tail: options.tail };
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const written = (await find()).map((container) => containerLines(context.client, container, { follow: false, ...tail, ...signal }));
  try {
    for await (const line of mergedLines(written)) {
      seen.set(seenKey(line.replica, line.container), line.time);
      yield line;
    }
  } catch (error) {
    if (options.signal?.aborted === true) return;
    throw error;
  }
  if (options.follow === true) yield* followed(context, seen, find, watch, options.signal);
}

function seenKey(replica: number, container: string): string {
  return `${replica} ${container}`;
}

async function* followed(
  { client }: EngineContext,
  seen: Map<string, string>,
  find: () => Promise<readonly Source[]>,
  watch: Watch,
  outer: AbortSignal | undefined,
): AsyncGenerator<LogLine> {
  const stopping = new AbortController();
  const signal = outer === undefined ? stopping.signal : AbortSignal.any([stopping.signal, outer]);
  const channel = new Channel<LogLine>();
  const reading = new Set<string>();
  const read = async (container: Source): Promise<void> => {
    const after = seen.get(seenKey(container.replica, container.name));
    for await (const line of containerLines(client, container, { follow: true, signal, ...(after === undefined ? {} : { after }) })) {
      seen.set(seenKey(line.replica, line.container), line.time);
      await channel.push(line);
    }
  };
  const look = async (): Promise<void> => {
    for (const container of await find()) {
      const run = container.id + container.startedAt;
      if (reading.has(run) || signal.aborted) continue;
      reading.add(run);
      // A stream that breaks (the engine restarts) is taken up again at the next change.
      read(container).catch(() => reading.delete(run));
    }
  };
  const onChange = (): void => void look().catch(() => {});
  const unwatch = watch(onChange);
  const end = (): void => channel.end();
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  onChange();
  try {
    yield* channel.read();
  } finally {
    unwatch();
    stopping.abort();
  }
}
