import { wordsOf } from "@outrigger/plugin";
import { engineErrors } from "../errors.ts";
import type { Call, Dispatcher } from "../hooks/dispatcher.ts";
import { decode, type JsonMessage } from "./decode.ts";
import { encode } from "./encode.ts";

const hook = "cri.preCreateContainer";
const requestName = "CreateContainerRequest";

/**
 * Runs the plug-ins on a CreateContainerRequest. Undefined where they leave it as it is.
 * @throws cri-message-invalid, plugin-refused, plugin-failed (also where what they made of it is no such message)
 */
export async function changeCreateContainer(message: Buffer, dispatcher: Dispatcher, call: Call): Promise<Uint8Array | undefined> {
  const request = read(message);
  const { config, sandbox_config: sandboxConfig } = request as { config?: JsonMessage; sandbox_config?: JsonMessage };
  const { input, changedBy } = await dispatcher.change(hook, { config: config ?? {}, sandboxConfig: sandboxConfig ?? {} }, call);
  if (changedBy.length === 0) return undefined;
  const keepAbsent = sandboxConfig === undefined && Object.keys(input.sandboxConfig).length === 0;
  try {
    return encode(requestName, { ...request, config: input.config, ...(keepAbsent ? {} : { sandbox_config: input.sandboxConfig }) });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw engineErrors["plugin-failed"]({ plugin: changedBy.join(", "), hook, reason: error.message }, { cause: error });
  }
}

function read(message: Buffer): JsonMessage {
  try {
    return decode(requestName, message);
  } catch (error) {
    throw engineErrors["cri-message-invalid"]({ reason: wordsOf(error) }, { cause: error });
  }
}
