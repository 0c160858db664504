/** Records of a pax extended header: keyword -> value. An empty value takes a record of the global header back. */
export type PaxRecords = ReadonlyMap<string, Uint8Array>;

/** Reads `LENGTH KEYWORD=VALUE\n` records (POSIX.1-2001 pax). What it returns as a text is why they can't be read. */
export function readPaxRecords(bytes: Uint8Array): PaxRecords | string {
  const records = new Map<string, Uint8Array>();
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(32, at);
    const digits = space < 0 ? "" : data.toString("latin1", at, space);
    const length = /^[1-9]\d{0,8}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const equals = data.indexOf(61, space);
    if (length === 0 || end > data.length || data[end - 1] !== 10 || equals < 0 || equals >= end - 1) return "its pax header is damaged";
    const keyword = data.toString("utf8", space + 1, equals);
    if (keyword === "") return "its pax header is damaged";
    const value = data.subarray(equals + 1, end - 1);
    if (!keyword.startsWith("SCHILY.xattr.") && value.includes(0)) return `its pax header has NUL in ${keyword}`;
    records.set(keyword, value);
    at = end;
  }
  return records;
}

/** One record; its length counts itself. */
export function paxRecord(keyword: string, value: string | Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(` ${keyword}=`), Buffer.from(value), Buffer.from("\n")]);
  let length = body.length + 1;
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  return Buffer.concat([Buffer.from(String(length)), body]);
}

/** A record's value as a number: digits, with a sign and a fraction where `fraction`. Undefined for anything else. */
export function paxNumber(value: Uint8Array, fraction = false): number | undefined {
  const text = Buffer.from(value).toString("latin1");
  if (!(fraction ? /^-?\d{1,15}(\.\d*)?$/ : /^\d{1,16}$/).test(text)) return undefined;
  const number = Math.floor(Number(text));
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Extended attributes in either of the two spellings in use: raw (`SCHILY.xattr.`), or base64 with an escaped name (`LIBARCHIVE.xattr.`). */
export function paxAttributes(records: PaxRecords): Readonly<Record<string, Uint8Array>> | undefined {
  const attributes = Object.create(null) as Record<string, Uint8Array>;
  for (const [keyword, value] of records) {
    if (keyword.startsWith("LIBARCHIVE.xattr.")) {
      attributes[unescaped(keyword.slice("LIBARCHIVE.xattr.".length))] = Buffer.from(Buffer.from(value).toString("latin1"), "base64");
    }
  }
  for (const [keyword, value] of records) {
    if (keyword.startsWith("SCHILY.xattr.")) attributes[keyword.slice("SCHILY.xattr.".length)] = Buffer.from(value);
  }
  return Object.keys(attributes).length === 0 ? undefined : attributes;
}

function unescaped(name: string): string {
  return name.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
