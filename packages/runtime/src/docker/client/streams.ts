/** One frame of a container's output. */
export interface Frame {
  readonly stream: "stdout" | "stderr";
  readonly bytes: Buffer;
}

/** Splits the engine's multiplexed stream (8 bytes of head: stream, three zeros, length) into frames. */
export async function* frames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  let rest = Buffer.alloc(0);
  for await (const chunk of source) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    while (rest.length >= 8) {
      const end = 8 + rest.readUInt32BE(4);
      if (rest.length < end) break;
      yield { stream: rest[0] === 2 ? "stderr" : "stdout", bytes: rest.subarray(8, end) };
      rest = rest.subarray(end);
    }
  }
}

/** A whole line of a container's output, and which of the two streams it came by. */
export interface TextLine {
  readonly stream: Frame["stream"];
  readonly text: string;
}

/** Joins frames to lines, each stream for itself; a last line without an end counts too. */
export async function* lines(source: AsyncIterable<Frame>): AsyncGenerator<TextLine> {
  const open: Record<Frame["stream"], Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  for await (const { stream, bytes } of source) {
    let rest = Buffer.concat([open[stream], bytes]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield { stream, text: rest.toString("utf8", 0, end) };
      rest = rest.subarray(end + 1);
    }
    open[stream] = rest;
  }
  for (const stream of ["stdout", "stderr"] as const) {
    if (open[stream].length > 0) yield { stream, text: open[stream].toString("utf8") };
  }
}

/** Reads a stream of JSON values, one to a line. */
export async function* jsonLines<T>(source: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  const whole = async function* (): AsyncGenerator<Frame> {
    for await (const chunk of source) yield { stream: "stdout", bytes: Buffer.from(chunk) };
  };
  for await (const { text } of lines(whole())) if (text.trim() !== "") yield JSON.parse(text) as T;
}
