import { registerHooks } from "node:module";

/**
 * Makes the name @outrigger/sdk in an import find this very package from any folder, so that a plug-in needs no node_modules of its own.
 * For the thread that calls it; a second call does nothing.
 */
export function resolveSdk(): void {
  if (registered) return;
  registered = true;
  registerHooks({
    resolve: (specifier, context, nextResolve) =>
      /^@outrigger\/sdk(\/|$)/.test(specifier)
        ? nextResolve(specifier, { ...context, parentURL: import.meta.url })
        : nextResolve(specifier, context),
  });
}

let registered = false;
