import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { createPcapReader } from "../agent/pcap.ts";
import { createTraffic, type Traffic } from "../agent/traffic.ts";

const pcap = readFileSync(join(import.meta.dirname, "fixtures", "mariadb.pcap"));

function traffic(): Traffic {
  const made = createTraffic((address) => address === "172.17.0.2");
  made.configure([{ port: 3306, protocol: "mysql", enabled: true, sampling: 100, slowMs: 1 }]);
  return made;
}

function play(chunks: readonly Buffer[], made: Traffic): void {
  const reader = createPcapReader();
  for (const chunk of chunks) reader.push(chunk, (packet) => made.packet(packet, reader.linkType()));
}

test("statements of a real MariaDB session are counted by their verbs, and its errors, however the capture is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: pcap.length - 1 }), { maxLength: 30 }), (cuts) => {
      const places = [0, ...cuts.toSorted((a, b) => a - b), pcap.length];
      const made = traffic();
      play(
        places.slice(1).map((place, index) => pcap.subarray(places[index], place)),
        made,
      );
      const [port] = made.ports();
      const routes = port?.figures.routes().map(({ route, requests, errors }) => `${route} ${requests} ${errors}`);
      assert.deepEqual(routes?.toSorted(), ["COMMIT 1 0", "CREATE 1 0", "INSERT 2 1", "SELECT 6 1", "SET 1 0"]);
      assert.deepEqual(Object.fromEntries(port?.figures.endings ?? []), { ok: 9, error: 2 });
      assert.equal(port?.figures.total.connections, 1);
    }),
    { numRuns: 100 },
  );
});

test("what is no capture is refused", () => {
  assert.throws(() => createPcapReader().push(Buffer.alloc(64, "x"), () => {}), /no pcap/);
  const broken = Buffer.concat([pcap.subarray(0, 24), Buffer.alloc(16, 0xff)]);
  assert.throws(() => createPcapReader().push(broken, () => {}), /out of step/);
});

test("a broken capture of any kind counts something or nothing, and never fails otherwise", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(pcap.length - 1), fc.nat(255)), { minLength: 1, maxLength: 40 }), (changes) => {
      const bytes = Buffer.from(pcap);
      for (const [place, value] of changes) if (place >= 24) bytes[place] = value;
      try {
        play([bytes], traffic());
      } catch (error) {
        assert.ok(error instanceof SyntaxError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
