/** Kubefiles and cluster images. */
export const imageErrors = {
  "cluster-image-lint-failed": {
    status: 422,
    message: "{image} makes an image with {count}.",
    mend: "Mend what is named; `outrigger cluster lint` checks again, and --force builds all the same.",
  },
  "cluster-image-wrong": {
    status: 422,
    message: "{image} can't be used as a cluster image: {reason}.",
    mend: "Build it again with `outrigger cluster build`, or get it from elsewhere.",
  },
  "image-gathering-failed": {
    status: 422,
    message: "{count} could not be gathered.",
    mend: "Mend what is named, or build with --skip-images; nothing was built.",
  },
  "kubefile-invalid": {
    status: 422,
    message: "{file} has {count}.",
    mend: "Mend the lines named; docs/cluster-images.md has every instruction.",
  },
  "kubefile-missing": {
    status: 404,
    message: "There is no {file}.",
    mend: "Write one, or name it with -f; docs/cluster-images.md has an example.",
  },
  "kubefile-stage-unknown": {
    status: 404,
    message: "{file} has no stage {stage}.",
    mend: "Name one that a FROM has behind its AS.",
  },
  "package-gone": {
    status: 404,
    message: "The package {package} is no longer to be had as the run began with it ({digest}).",
    mend: "Pull or load it again, or plan the run anew with `outrigger cluster resume -f`.",
  },
  "run-instruction-failed": {
    status: 422,
    message: "RUN {command} (line {line}) failed: {reason}.\n{log}",
    mend: "Mend the command. It runs as root of namespaces of its own, where this machine's programs are read-only.",
  },
  "run-instruction-unavailable": {
    status: 501,
    message: "RUN can't be carried out here: {reason}.",
    mend: "It needs Linux with user namespaces, bash and util-linux. Without RUN, nothing of it is needed.",
  },
} as const;
