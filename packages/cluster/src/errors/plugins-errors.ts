/** Plug-ins and the cluster's API. */
export const pluginsErrors = {
  "cluster-not-ready": {
    status: 504,
    message: "The cluster is not ready: {missing}.",
    mend: "Look at what is named with `kubectl describe`, or give the plug-in more time: `spec.timeout`.",
  },
  "cluster-plugin-ended": {
    status: 500,
    message: "The plug-in {plugin} ended in the middle of {phase}: {reason}",
    mend: "Mend what its last lines say, then resume the run: it is started anew.",
  },
  "cluster-plugin-failed": {
    status: 500,
    message: "The plug-in {plugin} failed at {phase}: {reason}",
    mend: "Mend what it says, then resume the run; docs/cluster-plugins.md says how plug-ins are tried without a cluster.",
  },
  "cluster-plugin-overdue": {
    status: 500,
    message: "The plug-in {plugin} was ended at {phase}: {reason}",
    mend: "Give it more time by `timeout` in its document, or look in its log for what it waited for.",
  },
  "cluster-plugin-unstartable": {
    status: 500,
    message: "The plug-in {plugin} can't be started from {path}: {reason}",
    mend: "Start the program by hand and look at what it prints; `outrigger cluster lint` tries it again.",
  },
  "confinement-impossible": {
    status: 403,
    message:
      "The program {path} of the plug-in {plugin} comes from an image, and nothing here can keep it from this machine's files and network.",
    mend: "Run as root on a kernel with namespaces, or let it do what it wants: give it the privilege `local`, and `--grant {plugin}`.",
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
    message: "The data of the plug-in {plugin} is wrong: {reason}",
    mend: "Mend `spec.data` of its document, or the variables that fill it.",
  },
  "plugin-folder-large": {
    status: 422,
    message: "{folder} has more than {files} files or {bytes} bytes, and has to be copied for a plug-in's own user.",
    mend: "Put the plug-in's code into a folder of its own.",
  },
  "plugin-type-unknown": {
    status: 422,
    message: "No plug-in has the type {type}: {known}.",
    mend: "Name a built-in type, or bring the module or executable of this type beside the document, in `plugins/`.",
  },
} as const;
