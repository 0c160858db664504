import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type OpenedSource, openSource, type SourceContext } from "@outrigger/driver";
import { type FileTree, flattenImage, imageFiles, openDockerArchive, ownPlatform } from "@outrigger/registry";
import { tinyImage } from "./support/images.ts";
import { startRegistry } from "./support/registry.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const { architecture } = ownPlatform();

/** A context with the things that COPY treats differently. */
function writeContext(folder: string): void {
  const write = (path: string, text: string, mode = 0o644): void => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
    chmodSync(join(folder, path), mode);
  };
  write("driver", "#!/bin/sh\n", 0o755);
  write("a.conf", "a");
  write("b.conf", "bb");
  write("data/one.txt", "one", 0o600);
  write("data/deep/two.txt", "two");
  write("data/deep/.hidden", "h");
  chmodSync(join(folder, "data/deep"), 0o750);
  chmodSync(join(folder, "data"), 0o700);
  write("ignored/secret", "s");
  write("ignored/kept", "k");
  write("two words.txt", "tw");
  symlinkSync("one.txt", join(folder, "data/link"));
  symlinkSync("a.conf", join(folder, "to-a"));
  write(".dockerignore", "ignored/*\n!ignored/kept\n**/.hidden\nDockerfile*\n.dockerignore\n");
  mkdirSync(join(folder, "archive/inside"), { recursive: true });
  writeFileSync(join(folder, "archive/inside/file"), "from a tar");
  execFileSync("tar", ["-C", join(folder, "archive"), "--owner=5:5", "--group=6:6", "-czf", join(folder, "files.tar.gz"), "."]);
}

const dockerfiles: Readonly<Record<string, string>> = {
  "files, folders, patterns and names with spaces": `FROM scratch
COPY driver /usr/bin/driver
COPY driver to-a /usr/lib/
COPY *.conf /etc/app/
COPY data /data
COPY data/ /data2/
COPY ["two words.txt", "/with space/"]
COPY ignored /ignored
COPY da?a/[o]ne.txt /one
COPY data/deep/two.txt data/one.txt ./relative/
`,
  "owners, modes and working directories": `FROM scratch
WORKDIR /srv
COPY --chown=1000:1001 driver .
COPY --chmod=700 data data
WORKDIR sub/../folder
COPY --chown=7 a.conf renamed.conf
COPY b.conf /b.conf
COPY --chown=3:4 data /owned/data
COPY --chown=3:4 a.conf /made/on/the/way/
`,
  variables: `ARG BASE=scratch
ARG GLOBAL=from-global
FROM \${BASE}
ARG GLOBAL
ARG UNSET
ARG WITH=default-$GLOBAL
ENV A=1 B="two words" C='$A' D=\${A:-x}\${UNSET:-fallback}\${A:+set} E=a\\ b F=\\$A
ENV OLD the whole rest "quoted"
WORKDIR /w-\${WITH}-\${TARGETARCH}
COPY a.conf /\${D}/$GLOBAL
ENTRYPOINT ["/driver", "$A"]
CMD ["x"]
`,
  stages: `FROM scratch AS base
COPY a.conf /a
COPY data /data
FROM scratch AS unused
COPY b.conf /b
FROM base AS Middle
COPY b.conf /data/
ENV X=1
CMD ["/a"]
FROM scratch
COPY --from=middle /data /copied
COPY --from=0 /a /first
COPY --from=base /data/li* /links/
`,
  "an image below, through its symlinks": `FROM IMAGE
COPY driver /bin/driver
COPY a.conf /bin/sh
COPY data /tmp
ENTRYPOINT /bin/driver --loud
`,
  archives: `FROM scratch
ADD files.tar.gz /unpacked/
COPY files.tar.gz /kept.tar.gz
ADD a.conf /a
`,
  "what an engine ignores of a driver": `# syntax=docker/dockerfile:1
FROM scratch
LABEL a=b
EXPOSE 80
USER 1000
VOLUME /v
STOPSIGNAL SIGINT
HEALTHCHECK NONE
COPY a.conf \\
  # a comment between
  /a
`,
};

async function files(tree: FileTree): Promise<readonly unknown[]> {
  const entries = tree.entries.map(async (entry) => {
    const { path, kind, mode, uid, gid, target } = entry;
    const text =
      kind === "file" && entry.size < 1000
        ? Buffer.concat(await Array.fromAsync(tree.content(entry), (piece) => Buffer.from(piece))).toString("base64")
        : entry.size;
    return [path, kind, kind === "symlink" ? "" : mode.toString(8), uid, gid, target, text];
  });
  // What is the root's own is not in every layer.
  return (await Promise.all(entries)).filter(([path]) => path !== "");
}

async function ours(context: TestContext, source: string, image: string): Promise<OpenedSource> {
  const archive = await openDockerArchive(image);
  context.after(() => archive.close());
  const opener: SourceContext = {
    architecture,
    openImage: async () => imageFiles(await flattenImage(archive, archive.list()[0]?.digest ?? "")),
    say: () => {},
  };
  const opened = await openSource({ source }, opener);
  context.after(() => opened.tree.close());
  return opened;
}

test("a Dockerfile without RUN becomes in-process what BuildKit makes of it", async (context) => {
  const folder = temporaryFolder(context);
  writeContext(folder);
  const image = await tinyImage();
  const saved = join(temporaryFolder(context), "base.tar");
  execFileSync("docker", ["save", "-o", saved, image]);
  for (const [title, text] of Object.entries(dockerfiles)) {
    await context.test(title, async (inner) => {
      const file = join(folder, "Dockerfile");
      writeFileSync(file, text.replace("IMAGE", image).replace("# syntax=docker/dockerfile:1\n", ""));
      const tag = `build-dockerfile-${process.pid}:1`;
      execFileSync("/usr/bin/docker", ["build", "-q", "-t", tag, folder], { env: { ...process.env, DOCKER_BUILDKIT: "1" }, stdio: "pipe" });
      inner.after(() => execFileSync("docker", ["image", "rm", tag], { stdio: "pipe" }));
      const output = join(temporaryFolder(inner), "image.tar");
      execFileSync("docker", ["save", "-o", output, tag]);
      const archive = await openDockerArchive(output);
      inner.after(() => archive.close());
      const theirs = imageFiles(await flattenImage(archive, tag));
      inner.after(() => theirs.tree.close());
      writeFileSync(file, text.replace("IMAGE", image));
      const own = await ours(inner, file, saved);
      assert.deepEqual(await files(own.tree), await files(theirs.tree));
      const usual = (env: readonly string[]): readonly string[] => env.filter((each) => !each.startsWith("PATH="));
      const { entrypoint, cmd, env, workdir } = theirs.config;
      assert.deepEqual(
        { ...own.image, env: usual(own.image?.env ?? []) },
        { entrypoint: [...entrypoint, ...cmd], env: usual(env), workdir },
      );
    });
  }
});

test("a Dockerfile with RUN is built by the engine that is there, and says so", async (context) => {
  const folder = temporaryFolder(context);
  const image = await tinyImage();
  writeFileSync(
    join(folder, "Dockerfile"),
    `FROM ${image}\nARG WORD=none\nRUN echo "$WORD" > /made && chmod 640 /made\nENTRYPOINT ["/bin/busybox"]\n`,
  );
  const said: string[] = [];
  const opened = await openSource(
    { source: join(folder, "Dockerfile") },
    {
      architecture,
      openImage: () => assert.fail("an engine finds its images itself"),
      buildArgs: { WORD: "given" },
      say: (line) => said.push(line),
    },
  );
  context.after(() => opened.tree.close());
  assert.match(said[0] ?? "", /is built by the Docker Engine .*: it has RUN \(line 3\)/);
  const made = opened.tree.entries.find(({ path }) => path === "made");
  assert.deepEqual([made?.mode, made?.size], [0o640, "given\n".length]);
  assert.deepEqual(opened.image?.entrypoint, ["/bin/busybox"]);
  const left = execFileSync("docker", ["images", "-q", "outrigger.local/build/*"], { encoding: "utf8" });
  assert.equal(left, "", "nothing of the build stays behind");
});

test("where no engine is, buildah builds; where nothing is, it is said what to install", async (context) => {
  const folder = temporaryFolder(context);
  const { host } = await startRegistry(context);
  const saved = join(folder, "base.tar");
  execFileSync("docker", ["save", "-o", saved, await tinyImage()]);
  execFileSync("skopeo", ["copy", "-q", "--dest-tls-verify=false", `docker-archive:${saved}`, `docker://${host}/base:1`]);
  mkdirSync(join(folder, "context"));
  const file = join(folder, "context/Dockerfile");
  writeFileSync(file, `FROM ${host}/base:1\nARG WORD\nRUN echo "$WORD" > /made\nENTRYPOINT ["/bin/busybox", "sh"]\n`);
  writeFileSync(join(folder, "registries.conf"), `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
  mkdirSync(join(folder, "programs"));
  const path = process.env["PATH"];
  const changes = {
    PATH: join(folder, "programs"),
    CONTAINERS_REGISTRIES_CONF: join(folder, "registries.conf"),
    STORAGE_DRIVER: "vfs",
    BUILDAH_ISOLATION: "chroot",
  };
  const storage = { CONTAINERS_STORAGE_CONF: join(folder, "storage.conf") };
  writeFileSync(join(folder, "storage.conf"), `[storage]\ndriver = "vfs"\ngraphroot = "${folder}/graph"\nrunroot = "${folder}/run"\n`);
  Object.assign(process.env, changes, storage);
  context.after(() => {
    for (const name of [...Object.keys(changes), ...Object.keys(storage)]) delete process.env[name];
    process.env["PATH"] = path;
  });
  const said: string[] = [];
  const build = (): Promise<OpenedSource> =>
    openSource(
      { source: file },
      { architecture, openImage: () => assert.fail(), buildArgs: { WORD: "given" }, say: (line) => said.push(line) },
    );
  await assert.rejects(build(), /needs a builder for RUN \(line 3\), and none is here/);
  symlinkSync("/usr/bin/buildah", join(folder, "programs/buildah"));
  const opened = await build();
  context.after(() => opened.tree.close());
  assert.match(said[0] ?? "", /is built by buildah: it has RUN/);
  assert.equal(opened.tree.entries.find((entry) => entry.path === "made")?.size, "given\n".length);
  assert.deepEqual(opened.image?.entrypoint, ["/bin/busybox", "sh"]);
});

test("a Dockerfile that fails says where", async (context) => {
  const folder = temporaryFolder(context);
  writeContext(folder);
  const file = join(folder, "Dockerfile");
  const wrong = async (text: string, pattern: RegExp): Promise<void> => {
    writeFileSync(file, text);
    const opening = openSource({ source: file }, { architecture, openImage: () => assert.fail(), say: () => {} });
    await assert.rejects(opening, (error: Error & { problems?: readonly object[] }) => {
      assert.match(`${error.message} ${JSON.stringify(error.problems)}`, pattern);
      return true;
    });
  };
  await wrong("FROM scratch\nCOPY no-such /x\n", /line 2 .*there is no no-such/);
  await wrong("FROM scratch\nCOPY ignored/secret /x\n", /line 2 .*dockerignore/);
  await wrong("FROM scratch\nCOPY a.conf b.conf /x\n", /end with a slash/);
  await wrong("FROM scratch\nCOPY a.conf\n", /needs a source and a destination/);
  await wrong("FROM scratch\nBOGUS x\n", /no instruction BOGUS/);
  await wrong('FROM scratch\nENV A="x\n', /line 2 .*quote/);
  await wrong("FROM scratch\nCOPY a.conf /x\nCOPY data /x\n", /line 3 .*x is no folder/);
  await wrong("COPY a /b\nFROM scratch\n", /COPY stands before FROM/);
  await wrong("# nothing\n", /no FROM/);
  await wrong("FROM scratch\nCOPY ../../etc/passwd /x\n", /there is no/);
});
