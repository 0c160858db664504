import { type Choice, chooseMetrics } from "./choose.ts";

export interface CollectorOptions extends Choice {
  /** Reads the engine's metrics. */
  readonly scrape: (signal: AbortSignal) => Promise<string>;
  /** Milliseconds that the engine has to answer. */
  readonly timeout: number;
  /** Milliseconds that the last good metrics are offered while there are no new ones. */
  readonly maxAge: number;
  readonly failed: (error: unknown) => void;
}

interface Good {
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The engine's metrics as they are offered. It is asked when somebody asks; askers at one time share the answer. */
export class Collector {
  readonly #options: CollectorOptions;
  #good: Good | undefined;
  #up = false;
  #duration = 0;
  #scrapes = 0;
  #failures = 0;
  #running: Promise<void> | undefined;

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /** In Prometheus' text format, whatever the engine does. */
  async metrics(): Promise<string> {
    this.#running ??= this.#scrape().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
    const good = this.#good;
    const fresh = good !== undefined && Date.now() - good.at <= this.#options.maxAge;
    return `${this.#up || fresh ? (good?.text ?? "") : ""}${this.#own()}`;
  }

  async #scrape(): Promise<void> {
    const { scrape, timeout, failed } = this.#options;
    const begun = performance.now();
    this.#scrapes += 1;
    try {
      this.#good = { text: chooseMetrics(await scrape(AbortSignal.timeout(timeout)), this.#options), at: Date.now() };
      this.#up = true;
    } catch (error) {
      // Once for each time that it goes away.
      if (this.#up || this.#failures === 0) failed(error);
      this.#up = false;
      this.#failures += 1;
    }
    this.#duration = (performance.now() - begun) / 1000;
  }

  #own(): string {
    return [
      ...gauge("up", "Whether the engine has just given its metrics; if not, those above are its last ones.", this.#up ? 1 : 0),
      ...gauge("scrape_duration_seconds", "How long it took to ask the engine.", this.#duration),
      ...gauge("last_success_timestamp_seconds", "When the engine last gave its metrics; 0: never.", (this.#good?.at ?? 0) / 1000),
      ...own("scrapes_total", "counter", "How often the engine was asked.", this.#scrapes),
      ...own("scrape_failures_total", "counter", "How often it did not give its metrics.", this.#failures),
    ]
      .map((line) => `${line}\n`)
      .join("");
  }
}

function gauge(name: string, help: string, value: number): readonly string[] {
  return own(name, "gauge", help, value);
}

function own(name: string, type: string, help: string, value: number): readonly string[] {
  const full = `engine_metrics_${name}`;
  return [`# HELP ${full} ${help}`, `# TYPE ${full} ${type}`, `${full} ${value}`];
}
