import { Liquid } from "liquidjs";
import { wordsOf } from "./errors-catalogue.ts";

let kept: Liquid | undefined;
/** Made when first needed. Neither files nor prototypes can be reached, and unknown filters are mistakes: a template is an author's, its values are users'. */
const engine = (): Liquid =>
  (kept ??= new Liquid({
    strictFilters: true,
    ownPropertyOnly: true,
    relativeReference: false,
    cache: 64,
    renderLimit: 2000,
    memoryLimit: 50_000_000,
  }));

/** Why a text is no template, or undefined. */
export function templateProblem(template: string): string | undefined {
  try {
    engine().parse(template);
    return undefined;
  } catch (error) {
    return wordsOf(error);
  }
}

/** Fills a Liquid template. @throws Error where the template asks for what can't be done */
export function fillTemplate(template: string, values: object): string {
  return String(engine().parseAndRenderSync(template, values));
}
