import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseSchedule } from "../agent/schedule.ts";
import { sha256, signed } from "../agent/sign.ts";

const at = (text: string): number => Date.parse(text);

test("cron expressions mean what cron means by them, in UTC", () => {
  const cases = [
    ["0 3 * * *", "2026-01-01T03:00:00Z", "2026-01-02T03:00:00Z"],
    ["*/15 * * * *", "2026-01-01T23:50:01Z", "2026-01-02T00:00:00Z"],
    ["30 4 1,15 * *", "2026-02-02T00:00:00Z", "2026-02-15T04:30:00Z"],
    ["0 0 29 feb *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"],
    ["0 0 13 * fri", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"],
    ["5 4 * * 7", "2026-01-01T00:00:00Z", "2026-01-04T04:05:00Z"],
    ["10-20/5 8-9 * dec mon-fri", "2026-12-31T09:20:00Z", "2027-12-01T08:10:00Z"],
    ["@daily", "2026-12-31T12:00:00Z", "2027-01-01T00:00:00Z"],
  ] as const;
  for (const [text, after, due] of cases)
    assert.equal(new Date(parseSchedule(text).next(at(after), undefined)).toISOString(), due.replace("Z", ".000Z"), text);
});

test("the next time is the first minute after now that matches", () => {
  const field = (min: number, max: number): fc.Arbitrary<{ readonly text: string; readonly values: readonly number[] }> =>
    fc.oneof(
      fc.constant({ text: "*", values: Array.from({ length: max - min + 1 }, (_, index) => min + index) }),
      fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 3 }).map((values) => ({ text: values.join(","), values })),
    );
  fc.assert(
    fc.property(
      field(0, 59),
      field(0, 23),
      field(0, 6),
      fc.integer({ min: at("2024-01-01"), max: at("2030-01-01") }),
      (minute, hour, weekday, now) => {
        const due = parseSchedule(`${minute.text} ${hour.text} * * ${weekday.text}`).next(now, undefined);
        let slow = Math.floor(now / 60_000) * 60_000 + 60_000;
        const matches = (time: number): boolean => {
          const date = new Date(time);
          return (
            minute.values.includes(date.getUTCMinutes()) &&
            hour.values.includes(date.getUTCHours()) &&
            weekday.values.includes(date.getUTCDay())
          );
        };
        while (!matches(slow)) slow += 60_000;
        assert.equal(due, slow);
      },
    ),
    { numRuns: 200 },
  );
});

test("an interval counts from the start of the last backup; the first is due at once", () => {
  const every = parseSchedule("6h");
  assert.equal(every.next(1000, undefined), 1000);
  assert.equal(every.next(1000, 500), 500 + 6 * 3_600_000);
  assert.equal(every.next(10 * 3_600_000, 500), 10 * 3_600_000);
});

test("what is no schedule is refused with what it should be", () => {
  for (const text of [
    "",
    "6x",
    "0 3 * *",
    "60 * * * *",
    "* * 0 * *",
    "5-1 * * * *",
    "1-2-3 * * * *",
    "*/0 * * * *",
    "a * * * *",
    "0 0 30 feb *",
  ]) {
    assert.throws(() => parseSchedule(text), /^ScheduleError|SCHEDULE/, text);
  }
});

// Amazon's own examples: docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
test("requests are signed as Amazon's examples are", () => {
  const signer = { region: "us-east-1", accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
  const signature = (method: string, url: string, headers: Readonly<Record<string, string>>, body = ""): string | undefined =>
    /Signature=([0-9a-f]{64})$/.exec(
      signed({ method, url: new URL(url), headers, bodyHash: sha256(body) }, signer, new Date("2013-05-24T00:00:00Z"))["authorization"] ??
        "",
    )?.[1];
  assert.equal(
    signature("GET", "https://examplebucket.s3.amazonaws.com/test.txt", { range: "bytes=0-9" }),
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  );
  assert.equal(
    signature(
      "PUT",
      "https://examplebucket.s3.amazonaws.com/test%24file.text",
      { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
      "Welcome to Amazon S3.",
    ),
    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  );
  assert.equal(
    signature("GET", "https://examplebucket.s3.amazonaws.com/?lifecycle", {}),
    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  );
  assert.equal(
    signature("GET", "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J", {}),
    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  );
});
