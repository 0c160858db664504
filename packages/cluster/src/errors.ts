import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "application-with-hosts": {
    status: 422,
    message: "{image} brings applications, and hosts of the cluster {cluster} would join or leave in the same breath.",
    mend: "Apply the hosts first, by a Clusterfile with the cluster's own image; then the application.",
  },
  "cluster-busy": {
    status: 409,
    message: "Another command works on the cluster {cluster}: {holder}.",
    mend: "Wait until it has ended; `outrigger cluster history {cluster}` shows how far it is.",
  },
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
  "cluster-name-changed": {
    status: 422,
    message: "This is about the cluster {wanted}, and the cluster is {current}.",
    mend: "Clusters keep their names: name the right Clusterfile, or create another cluster by it.",
  },
  "cluster-name-invalid": {
    status: 422,
    message: '"{name}" can\'t be the name of a cluster.',
    mend: "Use 1 to 63 small letters, digits and hyphens, with a letter or digit at both ends.",
  },
  "cluster-not-ready": {
    status: 504,
    message: "The cluster is not ready: {missing}.",
    mend: "Look at what is named with `kubectl describe`, or give the plug-in more time: `spec.timeout`.",
  },
  "cluster-state-invalid": {
    status: 500,
    message: "{file} does not say what the cluster is: {reason}.",
    mend: "Put it back from a backup, or move it away and run `outrigger cluster adopt IP` with the address of a master.",
  },
  "cluster-state-newer": {
    status: 422,
    message: "{file} has the format {format}; this version reads formats up to {known}.",
    mend: "Use a newer outrigger.",
  },
  "cluster-without-master": {
    status: 422,
    message: "The cluster {cluster} has no master.",
    mend: "Give at least one host the role master.",
  },
  "config-invalid": {
    status: 422,
    message: "The Config document {name} ({origin}) can't be applied to {path}: {reason}.",
    mend: "Mend the document, or the file of the image that it changes; docs/cluster-files.md says what each strategy and process does.",
  },
  "create-script-missing": {
    status: 422,
    message: "{image} has no scripts/create.sh: nothing would put the cluster {cluster} up.",
    mend: "Add the script to the image; an image that brings applications alone is built with `--type application`.",
  },
  "host-roles-changed": {
    status: 422,
    message: "Roles of hosts that are in the cluster {cluster} differ: {changes}.",
    mend: "Take the host out of the cluster and let it join in its new role.",
  },
  "image-gathering-failed": {
    status: 422,
    message: "{count} could not be gathered.",
    mend: "Mend what is named, or build with --skip-images; nothing was built.",
  },
  "image-is-application": {
    status: 422,
    message: "{image} brings applications: it puts no cluster {cluster} up.",
    mend: "Run it in a cluster that is there, or name a cluster image.",
  },
  "image-is-cluster": {
    status: 422,
    message: "{image} puts a cluster up; it can't be installed in the cluster {cluster} as an application.",
    mend: "Build the image with `--type application`, or upgrade the cluster with it.",
  },
  "journal-invalid": {
    status: 500,
    message: "{file}:{line} is no line of a run's journal.",
    mend: "Look what has changed the file. `outrigger cluster resume --abandon` leaves the run as it is.",
  },
  "journal-unwritable": {
    status: 500,
    message: "{file} can't be written: {reason}. Nothing new was begun without a record of it.",
    mend: "Make room or mend the disk, then run `outrigger cluster resume`.",
  },
  "kubeconfig-invalid": {
    status: 422,
    message: "{path} on {host}: {reason}.",
    mend: "Give a kubeconfig with a certificate authority and a client certificate, or a token; create.sh may name another one: KUBECONFIG=/path in OUTRIGGER_OUTPUT.",
  },
  "kubeconfig-missing": {
    status: 404,
    message: "There is no kubeconfig on {host}: {looked}.",
    mend: "The cluster's API is there from `create` on; create.sh may say where its admin kubeconfig is: KUBECONFIG=/path in OUTRIGGER_OUTPUT.",
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
  "kubernetes-path-invalid": {
    status: 400,
    message: "{path} is no path of a request to the cluster's API.",
    mend: "Begin it with a slash, and encode what is no plain character: /api/v1/nodes?labelSelector=disk%3Dssd.",
  },
  "kubernetes-unreachable": {
    status: 502,
    message: "The cluster's API {server}, asked from {host}, gave no answer: {reason}.",
    mend: "See whether it runs, e.g. `kubectl get --raw /readyz` on that host.",
  },
  "master0-removed": {
    status: 422,
    message:
      "{host} is the first master of the cluster {cluster} and can't leave it: the cluster was created there, and its scripts run there.",
    mend: "Keep it in the Clusterfile, or delete the whole cluster with `outrigger cluster delete --all`.",
  },
  "node-ambiguous": {
    status: 409,
    message: "Several nodes have the address {ip}: {nodes}.",
    mend: "Delete the node that is no more with `kubectl delete node`.",
  },
  "node-change-refused": {
    status: 502,
    message: "The cluster's API would not change the node {node} ({change}): it answered {status}: {message}",
    mend: "Mend what it names; nodes that are changed already stay so, and running this again goes on with the others.",
  },
  "node-change-undone": {
    status: 409,
    message: "The cluster's API took the change of the node {node}, but it has not become so: {change}.",
    mend: "Something in the cluster changes it back: an admission webhook, or a controller.",
  },
  "nodes-missing": {
    status: 404,
    message: "The cluster has no node for {ips}.",
    mend: "A host is a node after its join, e.g. at PreGuest; a node is found by its InternalIP.",
  },
  "plugin-data-invalid": {
    status: 422,
    message: "The data of {plugin} is wrong: {reason}",
    mend: "Mend it in the Plugin document; `outrigger cluster plan` finds such mistakes before anything is done.",
  },
  "plugin-type-unknown": {
    status: 422,
    message: "No plug-in has the type {type}: {known}.",
    mend: "Name a built-in type, or bring the module or executable of this type beside the document, in `plugins/`.",
  },
  "plugins-invalid": {
    status: 422,
    message: "The plug-ins of the cluster {cluster} have {count}.",
    mend: "Mend the lines named; nothing was touched. `outrigger cluster plan` checks again.",
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
  "secret-in-argument": {
    status: 400,
    message: "{option} takes no secret itself: every user of this machine can read a program's arguments.",
    mend: "Write `{option}` alone to be asked, `{option} file:PATH` or `{option} env:NAME`.",
  },
  "secret-unreadable": {
    status: 400,
    message: "{question} can't be had: {reason}.",
    mend: "Give it from a file that only you can read, from a variable, or run the command on a terminal to be asked.",
  },
  "template-invalid": {
    status: 422,
    message: "The template {place} can't be filled in: {reason}",
    mend: "X",
  },
} as const;

export const clusterErrors: ErrorCatalogue<typeof table> = defineErrors(table);
