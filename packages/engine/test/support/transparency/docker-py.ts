import assert from "node:assert/strict";
import { test } from "node:test";
import { image, run, unique } from "../gateway.ts";
import type { StandMaker } from "./stand.ts";

/** docker-py with its usual calls; each prints one line. */
const script = `
import docker, io, os, socket, tarfile, threading, sys
name, image = sys.argv[1], sys.argv[2]
client = docker.DockerClient(base_url=os.environ["DOCKER_HOST"], version="1.41", timeout=60)
api = client.api
def show(label, work):
    try: value = work()
    except docker.errors.APIError as error: value = ("api error", error.status_code, error.explanation)
    except Exception as error: value = ("error", type(error).__name__, str(error))
    print(label, value)
def hijack(container):
    sock = api.attach_socket(container, params={"stdin": 1, "stdout": 1, "stream": 1})
    raw = getattr(sock, "_sock", sock)
    raw.sendall(b"hello\\n")
    raw.shutdown(socket.SHUT_WR)
    data = b""
    while True:
        part = raw.recv(4096)
        if not part: return data
        data += part
def execute(container):
    made = api.exec_create(container, ["sh", "-c", "echo out; echo err >&2; exit 3"])
    out = api.exec_start(made["Id"], demux=True)
    return out, api.exec_inspect(made["Id"])["ExitCode"]
def archive(container):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        info = tarfile.TarInfo("copied"); info.size = 5
        tar.addfile(info, io.BytesIO(b"12345"))
    container.put_archive("/tmp", buffer.getvalue())
    bits, stat = container.get_archive("/tmp/copied")
    with tarfile.open(fileobj=io.BytesIO(b"".join(bits))) as tar: return tar.extractfile("copied").read(), stat["size"]
def build():
    lines = [line for line in api.build(fileobj=io.BytesIO(f"FROM {image}\\nRUN echo {name} > /word".encode()), tag=name, rm=True, decode=True)]
    return client.containers.run(name, "cat /word", remove=True), any("Successfully tagged" in line.get("stream", "") for line in lines)
def events():
    seen = []
    stream = client.events(filters={"volume": name}, decode=True)
    threading.Timer(0.5, lambda: (client.volumes.create(name), client.volumes.get(name).remove())).start()
    for event in stream:
        seen.append(event["Action"])
        if event["Action"] == "destroy":
            stream.close()
            return seen
def image_round():
    data = b"".join(client.images.get(name).save())
    return [one.tags for one in client.images.load(data)]
show("ping", client.ping)
show("version", lambda: client.version()["ApiVersion"])
show("run", lambda: client.containers.run(image, ["sh", "-c", "echo out; sleep 0.3; echo err >&2"], stderr=True, remove=True))
show("fail", lambda: client.containers.run(image, ["sh", "-c", "exit 3"], remove=True, name=name + "-f"))
cat = api.create_container(image, "cat", stdin_open=True, name=name, host_config=api.create_host_config(mem_limit="64m"))
api.start(cat)
show("hijack", lambda: hijack(cat))
show("wait", lambda: api.wait(cat))
show("logs", lambda: api.logs(cat))
client.containers.get(name).remove()
box = client.containers.run(image, "sleep 600", detach=True, name=name, labels={"a": "b"}, init=True)
show("exec", lambda: execute(box.id))
show("exec stream", lambda: b"".join(box.exec_run("head -c 300000 /dev/zero", stream=True).output) == bytes(300000))
show("exec socket", lambda: box.exec_run("echo hi", socket=True).output._sock.recv(100)[8:])
show("archive", lambda: archive(box))
show("top", lambda: box.top(ps_args="-o comm")["Processes"])
show("stats", lambda: sorted(box.stats(stream=False))[0:3])
show("list", lambda: [one.name for one in client.containers.list(filters={"name": name})])
show("rename", lambda: (box.rename(name + "-2"), client.containers.get(name + "-2").labels))
show("update", lambda: box.update(mem_limit="100m", memswap_limit="100m"))
show("pause", lambda: (box.pause(), box.unpause(), box.restart(timeout=0), box.kill()))
show("commit", lambda: bool(box.commit(name + "-c").id))
box.remove(force=True)
show("missing", lambda: client.containers.get("nonexistent"))
show("slashes", lambda: client.images.get("some/where/else:1"))
show("odd names", lambda: client.containers.get("a b"))
show("push", lambda: client.images.push("localhost:1/some/thing"))
show("pull", lambda: "localhost" in str(client.images.pull("localhost:1/some/thing", tag="1")))
show("build", build)
show("image", image_round)
show("tag", lambda: client.images.get(name).tag(name + "-c", "two"))
show("events", events)
def network():
    made = client.networks.create(name, labels={"x": "y"})
    found = [one.name for one in client.networks.list(names=[name])]
    made.remove()
    return found
show("network", network)
show("prune", lambda: client.volumes.prune(filters={"label": name}))
show("swarm", lambda: client.services.list())
for tag in [name, name + "-c:latest", name + "-c:two"]:
    try: client.images.remove(tag, force=True)
    except docker.errors.APIError: pass
`;

/** docker-py's usual calls. */
export function dockerPySuite({ label, start }: StandMaker): void {
  test(`docker-py finds the same through the gateway as directly (${label})`, { timeout: 120_000 }, async (context) => {
    const { host, engine } = await start(context);
    const told: string[] = [];
    for (const at of [`unix://${engine}`, host]) {
      const name = unique();
      context.after(() => run("docker", ["rm", "-f", name, `${name}-2`, `${name}-f`], { host: `unix://${engine}` }));
      const { stdout, stderr, code } = await run("python3", ["-W", "ignore", "-c", script, name, image], { host: at });
      assert.equal(code, 0, stderr);
      told.push(stdout.replaceAll(name, "NAME").replaceAll(/[0-9a-f]{64}/g, "ID"));
    }
    assert.equal(told[1], told[0]);
    assert.ok((told[0] ?? "").trim().split("\n").length >= 30);
  });
}
