import { execFileSync, spawnSync } from "node:child_process";
import type { Measurement } from "./measurement.ts";

const name = `outrigger-bench-bytes-${process.pid}`;
const image = "debian:bookworm-slim";
const rounds = 2;

/** What is moved, as a shell line; `$C` is a container with a file of 1 GB, `$I` its image, `$L` one with a log of 100 MB. */
const lines: Readonly<Record<string, string>> = {
  "docker save of 1 GB": "docker save $I > /dev/null",
  "docker load of 1 GB": "docker load -q < $T > /dev/null",
  "docker cp of 1 GB from a container": "docker cp $C:/big - > /dev/null",
  "docker cp of 1 GB to a container": "head -c 1000000000 /dev/zero > $T.big && docker cp -q $T.big $C:/copy",
  "docker logs of 100 MB": "docker logs $L > /dev/null",
  "exec's input of 1 GB": "head -c 1000000000 /dev/zero | docker exec -i $C sh -c 'cat > /dev/null'",
  "exec's output of 1 GB": "docker exec $C head -c 1000000000 /dev/zero > /dev/null",
};

/** The docker CLI's time through the gateway beside its time directly; ratios of 1 are as fast, less is slower. */
export function engineBytes(direct: string, through: string): readonly Measurement[] {
  const [container, log, archive] = [name, `${name}-log`, `/tmp/${name}.tar`];
  const shell = (host: string, line: string): void => {
    execFileSync("bash", ["-c", line], {
      env: { ...process.env, DOCKER_HOST: host, C: container, L: log, I: name, T: archive },
      stdio: ["ignore", "ignore", "inherit"],
    });
  };
  try {
    shell(direct, `docker run -d --name $C ${image} sleep 6000`);
    shell(direct, "docker exec $C sh -c 'head -c 1000000000 /dev/urandom > /big' && docker commit $C $I && docker save $I > $T");
    shell(direct, `docker run --name $L ${image} sh -c 'yes 0123456789012345678901234567890123456789 | head -c 100000000' > /dev/null`);
    return Object.entries(lines).map(([what, line]) => {
      const seconds = { direct: [] as number[], through: [] as number[] };
      for (let round = 0; round < rounds; round += 1) {
        seconds.direct.push(timed(() => shell(direct, line)));
        seconds.through.push(timed(() => shell(through, line)));
      }
      const megabytes = what.includes("100 MB") ? 100 : 1000;
      const rate = (of: readonly number[]): number => Math.round(megabytes / median(of));
      return {
        name: what,
        value: rate(seconds.through),
        unit: "MB/s",
        peer: { name: "directly", value: rate(seconds.direct) },
        goal: "ratio at least 0.9",
      };
    });
  } finally {
    spawnSync("docker", ["rm", "-f", "-v", container, log], { stdio: "ignore" });
    spawnSync("docker", ["rmi", "-f", name], { stdio: "ignore" });
    spawnSync("rm", ["-f", archive, `${archive}.big`]);
  }
}

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
