import assert from "node:assert/strict";
import { test } from "node:test";
import { decide, type View } from "../src/docker/pod/decide.ts";
import type { ObservedContainer } from "../src/docker/pod/observe.ts";
import { directWays } from "../src/docker/traffic/ways.ts";
import { plugin, podOf, shell } from "./support.ts";

const started = "2026-01-01T00:00:00Z";
const readiness = {
  tcpSocket: { port: 1 },
  initialDelaySeconds: 0,
  periodSeconds: 1,
  timeoutSeconds: 1,
  successThreshold: 1,
  failureThreshold: 3,
};

test("a plug-in that has just started is told of changed files when it is ready, or has had ten seconds", () => {
  const gate = shell("gate", "i", "x", { ...plugin("gate", "sidecar"), readiness, fileDirectories: ["/etc/gate"] });
  const pod = podOf({ team: "default", application: "a", component: "web" }, [shell("web", "i", "x"), gate]);
  const observed = (spec: typeof gate): ObservedContainer => ({
    id: spec.name,
    name: spec.name,
    role: spec.role,
    state: "running",
    exitCode: 0,
    outOfMemory: false,
    startedAt: started,
    finishedAt: "0001-01-01T00:00:00Z",
    spec,
  });
  const view = (more: Partial<View>): View => ({
    wanted: pod,
    ways: directWays,
    observed: {
      infra: { id: "infra", healthy: true, ip: "172.18.0.2", gateway: "172.18.0.1", startedAt: started, pod, outdated: false },
      containers: new Map(pod.containers.map((spec) => [spec.name, observed(spec)])),
      ways: directWays,
    },
    busy: new Set(),
    nextAt: () => 0,
    isReady: () => true,
    unsettled: new Set(["gate"]),
    missing: [],
    now: Date.parse(started) + 1000,
    ...more,
  });
  const kinds = (more: Partial<View>): readonly string[] => decide(view(more)).actions.map(({ kind }) => kind);
  assert.deepEqual(kinds({}), ["settle"]);
  assert.deepEqual(kinds({ isReady: (name) => name !== "gate" }), []);
  assert.equal(decide(view({ isReady: (name) => name !== "gate" })).wakeAt, Date.parse(started) + 10_000);
  assert.deepEqual(kinds({ isReady: (name) => name !== "gate", now: Date.parse(started) + 10_000 }), ["settle"]);
});
