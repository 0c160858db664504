import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "engine-unreachable": {
    status: 503,
    message: "No Docker Engine answers at {socket}: {reason}.",
    mend: "Start the engine (`systemctl start docker`, or `dockerd`), or name another by DOCKER_HOST.",
  },
  "engine-too-old": {
    status: 503,
    message: "The Docker Engine at {socket} speaks API {found}; 1.41 (Docker 20.10) or newer is needed.",
    mend: "Update the Docker Engine.",
  },
  "engine-architecture": {
    status: 503,
    message: "The Docker Engine runs on {found}; Outrigger's infra image knows amd64 and arm64.",
    mend: "Run the pods on an engine of one of these architectures.",
  },
  "engine-refused": {
    status: 502,
    message: "The Docker Engine refused {request} ({status}): {reason}.",
    mend: "The engine's own log says more.",
  },
  "docker-host-invalid": {
    status: 422,
    message: 'DOCKER_HOST is "{found}"; expected unix:///path, or tcp:// with a loopback address.',
    mend: "Unset DOCKER_HOST to use /var/run/docker.sock.",
  },
  "not-found": {
    status: 404,
    message: "The Docker Engine knows no such thing: {reason}.",
    mend: "It may have been removed by hand; it is made again where it is wanted.",
  },
  "image-missing": {
    status: 422,
    message: "The image {image} is neither on the engine nor to be had: {reason}.",
    mend: "Check the name, store credentials for its registry, or build or load it on the engine.",
  },
  "image-disk-full": {
    status: 507,
    message: "The engine's disk is full: {reason}.",
    mend: "Free space where the engine keeps its data (`docker system df` shows what takes it).",
  },
  "build-failed": {
    status: 422,
    message: "The build failed: {reason}.",
    mend: "Mend the step named, then build again.",
  },
  "port-taken": {
    status: 409,
    message: "{address} is already in use by {by}.",
    mend: "Stop that, or publish another port; it is tried again by itself.",
  },
  "name-taken": {
    status: 409,
    message: "The {what} {name} exists and belongs to {by}.",
    mend: "Remove it, or use another name for the team, application or component.",
  },
  "container-refused": {
    status: 422,
    message: "{reason}",
    mend: "Check the container's command, image and limits.",
  },
  "redirects-refused": {
    status: 502,
    message: "The pod's traffic can't be led through its network plug-ins: {reason}.",
    mend: "Use a kernel with these options, or remove the ingress and egress plug-ins.",
  },
  "runtime-closed": {
    status: 503,
    message: "The runtime was closed before {what} ended.",
    mend: "It goes on when the server runs again.",
  },
} as const;

/** Errors of this package. Listed in docs/errors.md. */
export const runtimeErrors: ErrorCatalogue<typeof table> = defineErrors(table);
