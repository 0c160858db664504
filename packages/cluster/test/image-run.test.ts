import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { imageStand } from "./support/image-stand.ts";

const busybox = readFileSync("/bin/busybox");

test("RUN in a tree without a shell works in it with this machine's programs, and changes are a layer of their own", async (context) => {
  const { write, build, files, said } = await imageStand(context);
  write({ "etc/keep": "kept", "etc/gone/a": "a", "etc/gone/b": "b", "etc/old": "old" });
  await build(`FROM scratch
COPY etc etc
WORKDIR /etc
ENV GREETING=hello
ARG NAME=world
RUN echo "$GREETING $NAME" | tee said; rm -r gone; chmod 600 keep; ln -s keep link; mv old new
RUN rm new && mkdir new && echo deep > new/file && chown -R 7:8 new && ln new/file new/other
`);
  assert.ok(said.includes("hello world"));
  assert.deepEqual(
    (await files("built:1")).filter((line) => !line.startsWith("etc/.")),
    [
      "etc/",
      'etc/keep file 600 0:0 0 "kept"',
      "etc/link symlink 777 0:0 0 -> keep",
      "etc/new directory 755 7:8 0",
      'etc/new/file file 644 7:8 0 "deep\\n"',
      "etc/new/other hardlink 644 7:8 0 -> etc/new/file",
      'etc/said "hello world\\n"',
    ],
  );
});

test("RUN in a tree with a shell has that tree as its root, and a stage can be built so for another", async (context) => {
  const { write, build, files } = await imageStand(context);
  write({ "busybox*": busybox });
  await build(`FROM scratch AS tools
COPY busybox /bin/busybox
COPY busybox /bin/sh
WORKDIR /work
RUN [ -e /bin/bash ] || /bin/busybox ls / > roots
RUN ["/bin/busybox", "cp", "roots", "copy"]
FROM scratch
COPY --from=tools /work/copy bin/
`);
  assert.deepEqual(await files("built:1"), ["bin/", 'bin/copy "bin\\ndev\\nproc\\nwork\\n"']);
});

test("RUN can't touch this machine, look into homes, or outlive its end", async (context) => {
  const { build, files, folder } = await imageStand(context);
  const marker = `outrigger-escape-${process.pid}`;
  await build(`FROM scratch
RUN touch /usr/bin/${marker} || echo readonly >> result; mount -o remount,rw /usr 2>/dev/null && touch /usr/bin/${marker} || echo locked >> result
RUN ls -d /home ${folder} /var/run/docker.sock /root/.ssh 2>/dev/null >> result || echo hidden >> result; [ "$(ls -A /root)" = "" ] && echo empty >> result
RUN mknod disk b 8 0 2>/dev/null || echo nodevice >> result; cat /proc/1/root/etc/shadow 2>/dev/null || echo noshadow >> result
RUN sleep 1000 & echo $$ >> /dev/null
`);
  assert.deepEqual(await files("built:1"), ['result "readonly\\nlocked\\nhidden\\nempty\\nnodevice\\nnoshadow\\n"']);
  assert.ok(!existsSync(`/usr/bin/${marker}`));
});

test("a RUN that fails shows what it wrote, and its line; nothing is built", async (context) => {
  const { build, store } = await imageStand(context);
  await assert.rejects(build("FROM scratch\nRUN echo before; echo wrong >&2; exit 3\n"), (error: Error) => {
    assert.match(error.message, /RUN echo before.* \(line 2\) failed: it ended with 3\./);
    assert.match(error.message, /before[\s\S]*wrong|wrong[\s\S]*before/);
    return true;
  });
  await assert.rejects(build("FROM scratch\nRUN --mount=type=cache,target=/x true\n"), { code: "dockerfile-unusable" });
  assert.deepEqual(await store.list(), []);
});
