import { matchesAny } from "@outrigger/sdk";
import type { Rules } from "../rules/rules.ts";
import { listed, shown, type Violations } from "./violation.ts";

/** `USER[:GROUP]`. What a name means stands in the image, so without root only numbers say that it is not root. */
export function* judgeUser({ users }: Rules, text: string): Violations {
  const user = text.split(":")[0] ?? "";
  if (!matchesAny(user, users.allow)) {
    yield { rule: "users", message: `The user ${shown(user)} is not allowed; allowed: ${listed(users.allow)}.` };
    return;
  }
  const named = users.allow.includes(user) && user !== "" && !/^[+-]?0+$/.test(user) && user !== "root";
  if (users.root || named || (/^\d+$/.test(user) && Number(user) > 0)) return;
  yield {
    rule: "users",
    message:
      user === "" ? "The container would run as the image's user, which may be root." : `The user ${shown(user)} is, or may be, root.`,
    hint: "Name a user by its number: --user 1000:1000.",
  };
}
