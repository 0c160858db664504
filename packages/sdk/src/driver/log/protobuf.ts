/** The little of protobuf that a log entry needs: varints and lengths (protobuf encoding guide). */
export const varintType = 0;
export const lengthType = 2;

export interface ProtobufField {
  readonly number: number;
  readonly value: bigint | Buffer;
}

const maxVarint = 10;

/** The fields of a message in their order. @throws RangeError where the bytes are none */
export function* readMessage(bytes: Buffer): Generator<ProtobufField> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let index = 0; index < maxVarint; index += 1) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError("it ends within a number");
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new RangeError("it has a number of more than ten bytes");
  };
  const take = (length: number): Buffer => {
    if (length > bytes.length - at) throw new RangeError("it ends within a field");
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const number = Number(key >> 3n);
    if (number === 0) throw new RangeError("it has a field without a number");
    const type = Number(key & 7n);
    if (type === varintType) yield { number, value: varint() };
    else if (type === lengthType) yield { number, value: take(Number(varint())) };
    else if (type === 1) take(8);
    else if (type === 5) take(4);
    else throw new RangeError(`it has a field of the type ${type}`);
  }
}

export function varintField(number: number, value: bigint): Buffer {
  return Buffer.concat([varintBytes(BigInt(number << 3)), varintBytes(BigInt.asUintN(64, value))]);
}

export function lengthField(number: number, value: Uint8Array): Buffer {
  return Buffer.concat([varintBytes(BigInt((number << 3) | lengthType)), varintBytes(BigInt(value.length)), value]);
}

function varintBytes(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
