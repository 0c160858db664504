import { join } from "node:path";
import { type PluginKit, testPlugin } from "@outrigger/sdk/test-kit";

/** The plug-in with a policy's text; none: the baseline. */
export function policyKit(text = ""): Promise<PluginKit> {
  return testPlugin({ folder: join(import.meta.dirname, ".."), settings: { policy: { text } } });
}
