import { type Discovery, type DiscoveryFile, fillDocument, type PodKey, renderFile } from "@outrigger/pod";
import type { EngineContext } from "../client/context.ts";
import { reasonOf } from "../client/refusal.ts";
import { type Facts, factText } from "../pod/facts.ts";
import { keyOf } from "../pod/names.ts";

/** One kept file with the text that it should have, or why it can have none. */
export type KeptText = { readonly file: DiscoveryFile } & ({ readonly text: string } | { readonly failure: string });

export interface TextSources {
  readonly context: Pick<EngineContext, "secret">;
  readonly key: PodKey;
  readonly facts: Facts;
  readonly address: () => Promise<string>;
}

export interface KeptTexts {
  readonly texts: readonly KeptText[];
  /** Takes the secrets that are in the texts out of what a program said about them. */
  readonly censor: (said: string) => string;
}

/** Fills and renders a plug-in's kept files. @throws what asking for a secret throws */
export async function keptTexts(discovery: Discovery | undefined, { context, key, facts, address }: TextSources): Promise<KeptTexts> {
  const secrets = new Set<string>();
  const texts = await Promise.all(
    (discovery?.files ?? []).map(async (file): Promise<KeptText> => {
      const document = await fillDocument(file.document, {
        secret: async (reference) => {
          const text = await context.secret(keyOf(key), reference);
          if (text !== "") secrets.add(text);
          return text;
        },
        fact: (fact) => factText(fact, { facts, address }),
      });
      try {
        return { file, text: renderFile(file, document) };
      } catch (error) {
        return { file, failure: reasonOf(error) };
      }
    }),
  );
  const longestFirst = [...secrets].sort((a, b) => b.length - a.length);
  return { texts, censor: (said) => longestFirst.reduce((rest, secret) => rest.replaceAll(secret, "***"), said) };
}
