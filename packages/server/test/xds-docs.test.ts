import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { shellBlocks } from "../../../tests/support/page.ts";
import type { Message } from "../src/discovery/xds/messages.ts";
import { publishedProtocol } from "./support/published-protocol.ts";

test("docs/xds.md: the entry script writes a bootstrap file that Envoy's published schema knows, for the right node", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-xds-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [script = ""] = shellBlocks("docs/xds.md");
  writeFileSync(join(folder, "entry.sh"), script.replaceAll("/tmp/", `${folder}/`).replace(/^exec .*$/m, ""));
  const env = {
    ...{ PATH: process.env["PATH"], HOSTNAME: "shop-web-1", DISCOVER_TOKEN: "sesame", XDS_HOST_IP: "10.0.0.1", XDS_HOST_PORT: "6101" },
    DISCOVER_URL: "http://10.0.0.1:6100/v1/resources/default.shop/web/mesh",
  };
  execFileSync("sh", ["-eu", join(folder, "entry.sh")], { env });
  assert.equal(statSync(join(folder, "envoy.yaml")).mode & 0o077, 0);
  const written = parse(readFileSync(join(folder, "envoy.yaml"), "utf8")) as Bootstrap;
  assert.equal(written.node.id, "default.shop_mesh_web~shop-web-1");
  assert.equal(written.dynamic_resources.ads_config.grpc_services[0]?.initial_metadata[0]?.value, "Bearer sesame");

  const known = publishedProtocol(["envoy/config/bootstrap/v3/bootstrap.proto"]);
  const clusters = written.static_resources.clusters.map(({ typed_extension_protocol_options: _, ...cluster }) => cluster);
  const packed = Object.entries(written.static_resources.clusters[0]?.typed_extension_protocol_options ?? {});
  const messages = [
    ["envoy.config.bootstrap.v3.Bootstrap", { ...written, static_resources: { clusters } }],
    ...packed.map(([type, { "@type": url, ...message }]) => {
      assert.equal(url, `type.googleapis.com/${type}`);
      return [type, message] as const;
    }),
  ] as const;
  assert.equal(messages.length, 2);
  for (const [type, plain] of messages) {
    const message = inWire(plain);
    assert.deepEqual(known.decode(type, known.encode(type, message)), message);
  }
});

interface Bootstrap {
  readonly node: { readonly id: string };
  readonly dynamic_resources: {
    readonly ads_config: { readonly grpc_services: readonly { readonly initial_metadata: readonly { readonly value: string }[] }[] };
  };
  readonly static_resources: { readonly clusters: readonly Cluster[] };
}

interface Cluster {
  readonly typed_extension_protocol_options: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** YAML as the wire has it: `5s` is a duration. */
function inWire(value: unknown): Message {
  return JSON.parse(JSON.stringify(value), (_name, field) => {
    const seconds = typeof field === "string" ? /^(\d+)s$/.exec(field)?.[1] : undefined;
    return seconds === undefined ? field : { seconds: Number(seconds), nanos: 0 };
  }) as Message;
}
