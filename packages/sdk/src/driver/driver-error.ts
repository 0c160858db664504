/** An error that a driver means to give: the engine gets its message, and the log a line without a stack. */
export class DriverError extends Error {
  override readonly name = "DriverError";
}

/**
 * What a driver throws when it refuses a call. The engine shows the message to its user.
 * Every other error is answered the same way, and logged with its stack.
 */
export function driverError(message: string, options?: { readonly cause?: unknown }): DriverError {
  return new DriverError(message, options);
}

/** The words by which engines know that a volume is not there. */
export function noSuchVolume(name: string): DriverError {
  return driverError(`no such volume: ${name}`);
}
