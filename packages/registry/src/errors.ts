import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "archive-invalid": {
    status: 422,
    message: "{archive} can't be read, at {entry}: {reason}.",
    mend: "Nothing of it was kept. Make it anew from files that a tree can hold, or get it from elsewhere.",
  },
  "archive-too-large": {
    status: 413,
    message: "{archive} is larger than allowed, {entry}: it has {reason}.",
    mend: "If it is honest, raise the limit; an archive that unfolds to far more than it seems is not.",
  },
  "attributes-tool-missing": {
    status: 501,
    message:
      "{program} is missing, without which the extended attributes of files in {folder} (e.g. capabilities of programs) can't be kept.",
    mend: "Install Debian's `attr`, or say that extended attributes may be left out.",
  },
  "folder-not-empty": {
    status: 409,
    message: "{folder} is not empty.",
    mend: "Name a folder that is new or empty: files are never mixed with others.",
  },
  "reference-invalid": {
    status: 400,
    message: '"{found}" is not the name of a package or image.',
    mend: "Write NAME:TAG, HOST/NAME:TAG or HOST/NAME@sha256:..., in lower case.",
  },
  "manifest-unknown": {
    status: 404,
    message: "{source} has no {reference}.",
    mend: "Check the name and tag; a private repository also answers so to those who may not read it.",
  },
  "content-unknown": {
    status: 404,
    message: "{source} has no content {digest}.",
    mend: "Push or pull the package again: a part of it is missing there.",
  },
  "digest-wrong": {
    status: 502,
    message: "What {source} gave for {digest} is something else: {found}.",
    mend: "Try again; if it stays so, the source is damaged or lies, and nothing of it was kept.",
  },
  "tree-closed": {
    status: 500,
    message: "The content of {path} was asked for, but its tree is closed or has no such file.",
    mend: "This is a mistake in the program: read a tree's files before it is closed.",
  },
  "tree-unreadable": {
    status: 422,
    message: "{path} can't be part of a tree: {reason}.",
    mend: "Remove it or leave it out, and try again when nothing writes there.",
  },
  "manifest-too-large": {
    status: 502,
    message: "{source} has {size} as {reference}; a manifest has at most 4 MiB.",
    mend: "It is no package and no image: check the name, or ask who keeps it.",
  },
  "manifest-wrong": {
    status: 502,
    message: "{reference} of {source} is no manifest that can be used: {reason}.",
    mend: "Push it again with a tool that keeps to the OCI image specification.",
  },
  "registry-unreachable": {
    status: 503,
    message: "The registry {registry} can't be reached: {reason}.",
    mend: "Check its name, this machine's network and HTTPS_PROXY. For a registry without TLS name it with --plain-http.",
  },
  "registry-unauthorized": {
    status: 401,
    message: "The registry {registry} wants to know who asks for {request}: {reason}.",
    mend: "Log in with `docker login {registry}` (or podman), and check that this user may do it.",
  },
  "registry-denied": {
    status: 403,
    message: "The registry {registry} does not allow {request}: {reason}.",
    mend: "Ask for the right to it, or log in as somebody who has it.",
  },
  "registry-refused": {
    status: 422,
    message: "The registry {registry} refused {request} (status {status}): {reason}.",
    mend: "The reason is the registry's own; its manual or its keeper knows more.",
  },
  "registry-failing": {
    status: 503,
    message: "The registry {registry} failed at {request} (status {status}), also when asked again: {reason}.",
    mend: "Try later; what has arrived there is not sent again.",
  },
  "registry-redirect": {
    status: 502,
    message: "The registry {registry} sends {request} to {target}: {reason}.",
    mend: "The registry, or the proxy before it, has to name addresses by https (X-Forwarded-Proto is often missing).",
  },
  "registry-certificates": {
    status: 400,
    message: "The certificates for {registry} can't be used: {file}: {reason}.",
    mend: "Put PEM files there as Docker wants them: CA.crt, and NAME.cert beside NAME.key.",
  },
  "credentials-unreadable": {
    status: 400,
    message: "The credentials in {file} can't be used: {reason}.",
    mend: "Mend the file, or log in again with `docker login`.",
  },
  "credential-helper-failed": {
    status: 500,
    message: "docker-credential-{helper} did not give the credentials for {registry}: {reason}.",
    mend: "Run it by hand, or take it out of credsStore and credHelpers in Docker's config.json.",
  },
  "layout-missing": {
    status: 404,
    message: "{path} is no OCI image layout: {reason}.",
    mend: "Name a folder with oci-layout and index.json, e.g. one that `outrigger copy` wrote.",
  },
  "layout-wrong": {
    status: 422,
    message: "The image layout {path} can't be used: {reason}.",
    mend: "Write it anew with the tool that made it; nothing of it was kept.",
  },
  "layout-busy": {
    status: 409,
    message: "The image layout {path} is being changed by somebody else: {reason}.",
    mend: "Try again when the other has ended.",
  },
  "image-invalid": {
    status: 422,
    message: "{name} can't be read as an image: {reason}.",
    mend: "Name an image as Docker, Podman or BuildKit write it: a manifest or an index, a configuration, layers of tar.",
  },
  "platform-missing": {
    status: 404,
    message: "{name} is not there for {wanted}; it is for {found}.",
    mend: "Name a platform that it is for, or get the image for this one.",
  },
  "package-unpackable": {
    status: 422,
    message: "{folder} can't be packed: {reason}.",
    mend: "A package is a folder with a plugin.yaml of the layer pod, engine or cluster, and files and folders only. A driver is built by `outrigger driver build`.",
  },
  "package-wrong": {
    status: 422,
    message: "{reference} of {source} is no package that can be used: {reason}.",
    mend: "`outrigger inspect` shows what it is; packages are made by `outrigger pack` and `outrigger driver build`.",
  },
  "folder-exists": {
    status: 409,
    message: "{folder} exists already.",
    mend: "Name a folder that does not; files are never mixed with others.",
  },
  "key-unusable": {
    status: 400,
    message: "The key {file} can't be used: {reason}.",
    mend: "`outrigger sign --generate-key FILE` makes a pair: FILE signs, FILE.pub verifies.",
  },
  "signature-missing": {
    status: 403,
    message: "{name} ({digest}) has no signature by a key that is accepted: {reason}.",
    mend: "Ask its maker for a signed one, or name the key that you trust.",
  },
  "package-untrusted": {
    status: 403,
    message: "{name} is refused by {file}: {reason}.",
    mend: "Add a rule with the keys that you trust for this name to the file, or choose another package.",
  },
  "trust-policy-unreadable": {
    status: 400,
    message: "The trust policy {file} can't be read: {reason}.",
    mend: "Nothing is installed while it can't be read. Mend it, or take its name out of OUTRIGGER_TRUST.",
  },
  "builder-failed": {
    status: 422,
    message: "{builder} did not build {file}: {reason}.\n{log}",
    mend: "Mend what the log names.",
  },
  "builder-missing": {
    status: 422,
    message: "{file} needs a builder for {because}, and none is here.",
    mend: "Start a Docker Engine, or install buildctl (BuildKit) or buildah; without RUN, Outrigger builds it by itself.",
  },
  "dockerfile-unusable": {
    status: 422,
    message: "{file} can't be built: {reason}.",
    mend: "Mend the line named.",
  },
} as const;

export const registryErrors: ErrorCatalogue<typeof table> = defineErrors(table);
