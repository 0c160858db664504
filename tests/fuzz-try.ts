import http from "node:http";
import { fuzz, type Judge } from "./support/disguise/fuzz.ts";

const socketPath = process.argv[2]!,
  direct = process.argv[3]!;
const ask = (method: string, path: string) =>
  new Promise<any>((resolve, reject) =>
    http
      .request({ socketPath: direct, method, path }, (r) => {
        let t = "";
        r.on("data", (c) => (t += c));
        r.on("end", () => resolve(t === "" ? undefined : JSON.parse(t)));
      })
      .on("error", reject)
      .end(),
  );
const judge: Judge = {
  get: (p) => ask("GET", p),
  remove: async (p) => {
    await ask("DELETE", p);
  },
};
const t = performance.now();
const r = await fuzz(socketPath, judge, Number(process.argv[4] ?? 1), Number(process.argv[5] ?? 400));
console.log(JSON.stringify({ ...r, violations: r.violations.length }), (performance.now() - t).toFixed(0), "ms");
const byAccess: Record<string, number> = {};
for (const v of r.violations) for (const a of v.access) byAccess[a] = (byAccess[a] ?? 0) + 1;
console.log(byAccess);
