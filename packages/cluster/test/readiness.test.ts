import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesObject } from "@outrigger/sdk";
import { nodeFaults, podFaults } from "../src/plugins/built-in/readiness.ts";
import { nodeObject } from "./support/hosts.ts";

const pod = (name: string, status: Record<string, unknown>, metadata: Record<string, unknown> = {}): KubernetesObject => ({
  metadata: { name, ...metadata },
  status,
});
const container = (name: string, ready: boolean, state: Record<string, unknown> = {}): unknown => ({ name, ready, state });
const conditions = [{ type: "Ready", status: "True" }];

test("every container of a pod must be ready, not only the first", () => {
  const ready = pod("dns", { phase: "Running", conditions, containerStatuses: [container("a", true), container("b", true)] });
  const second = pod("dns", {
    phase: "Running",
    containerStatuses: [container("a", true), container("b", false, { waiting: { reason: "CrashLoopBackOff" } })],
  });
  assert.deepEqual(podFaults("kube-system", [ready]), []);
  assert.deepEqual(podFaults("kube-system", [ready, second]), ["pod kube-system/dns is Running, not ready: b (CrashLoopBackOff)"]);
});

test("pods that have ended well or are going need not be ready, those that are pending must", () => {
  const ended = pod("job", { phase: "Succeeded", containerStatuses: [container("a", false)] });
  const going = pod("old", { phase: "Running" }, { deletionTimestamp: "2026-01-01T00:00:00Z" });
  assert.deepEqual(podFaults("n", [ended, going]), []);
  assert.deepEqual(podFaults("n", [pod("new", { phase: "Pending" })]), ["pod n/new is Pending, not ready"]);
  assert.deepEqual(podFaults("n", [pod("failed", { phase: "Failed" })]), ["pod n/failed is Failed, not ready"]);
});

test("a namespace without pods has not come up yet", () => {
  assert.deepEqual(podFaults("kube-system", []), ["kube-system has no pods"]);
});

test("a node is ready when its own condition says so", () => {
  const node = nodeObject("n", "10.0.0.1");
  assert.deepEqual(nodeFaults(node), []);
  const unknown = { type: "Ready", status: "Unknown", message: "Kubelet stopped posting node status." };
  assert.deepEqual(nodeFaults({ ...node, status: { conditions: [unknown] } }), [
    "node n is not Ready (Kubelet stopped posting node status.)",
  ]);
  assert.deepEqual(nodeFaults({ ...node, status: {} }), ["node n is not Ready"]);
});
