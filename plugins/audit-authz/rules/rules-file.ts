import { readFileSync, statSync } from "node:fs";
import { formatProblem, readDocument } from "@outrigger/sdk";
import { type Rule, rulesField } from "./rules.ts";

/** `none`: there never was a file, so everything is allowed. `broken`: nothing is. */
export type RulesState =
  | { readonly kind: "none" }
  | { readonly kind: "rules"; readonly rules: readonly Rule[] }
  | { readonly kind: "broken"; readonly reason: string };

/** A file of rules that is read again whenever it has changed. */
export class RulesFile {
  readonly #path: string;
  readonly #changed: (state: RulesState) => void;
  #stamp: string | undefined;
  #state: RulesState = { kind: "none" };

  /** @param changed told each new state */
  constructor(path: string, changed: (state: RulesState) => void) {
    this.#path = path;
    this.#changed = changed;
    this.current();
  }

  current(): RulesState {
    const stamp = this.#look();
    if (stamp === this.#stamp) return this.#state;
    this.#state = this.#read(stamp, this.#state.kind);
    this.#stamp = stamp;
    this.#changed(this.#state);
    return this.#state;
  }

  #look(): string {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = statSync(this.#path, { bigint: true });
      return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
    } catch (error) {
      return `no file: ${(error as NodeJS.ErrnoException).code}`;
    }
  }

  #read(stamp: string, before: RulesState["kind"]): RulesState {
    // A file that goes away while rules hold is a mistake, not a wish.
    if (stamp === "no file: ENOENT" && before === "none") return { kind: "none" };
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch (error) {
      return { kind: "broken", reason: String(error) };
    }
    const reading = readDocument(text, this.#path, rulesField);
    if (reading.ok) return { kind: "rules", rules: reading.value.value.rules };
    return { kind: "broken", reason: reading.problems.map(formatProblem).join("\n") };
  }
}
