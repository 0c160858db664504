import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "hook-unhandled": {
    status: 500,
    message: "{plugin} has no handler for {hook}.",
    mend: "Add it to `hooks` of the plug-in's module, or remove the hook from plugin.yaml.",
  },
  "handler-answer-invalid": {
    status: 500,
    message: "{plugin} gave {found} at {hook}, where {expected} is expected.",
    mend: "Return that, or nothing; to refuse, throw what `refuse` makes.",
  },
  "module-invalid": {
    status: 500,
    message: "{file} is no plug-in: {reason}.",
    mend: "Its default export is what defineEnginePlugin gives.",
  },
  "run-variable-missing": {
    status: 500,
    message: "{variable} is not set.",
    mend: "The gateway sets it; start plug-ins through the gateway.",
  },
  "json-invalid": {
    status: 400,
    message: "This is not JSON: {reason}.",
    mend: "Send one JSON value in UTF-8.",
  },
  "kit-manifest-invalid": {
    status: 422,
    message: "The manifest in {folder} is none that the test kit can use: {reason}",
    mend: "Mend plugin.yaml; the kit runs plug-ins of the layer engine that have an entry.",
  },
  "kit-settings-invalid": {
    status: 422,
    message: "The settings are wrong: {reason}",
    mend: "Give the values that plugin.yaml's config asks for.",
  },
  "hook-not-asked": {
    status: 422,
    message: "{plugin} handles {hook}, but its plugin.yaml does not ask for it.",
    mend: "Add it to spec.engine.hooks.",
  },
  "change-not-allowed": {
    status: 422,
    message: "{plugin} changed what it has no privilege to change: {fields}.",
    mend: "Name the fields in plugin.yaml's spec.engine.privileges.change, or leave them alone.",
  },
  "change-unseen": {
    status: 422,
    message: "{plugin} changed {field}, which is set and which it has no privilege to see.",
    mend: "Name the field in plugin.yaml's spec.engine.privileges.see.",
  },
  "cluster-module-invalid": {
    status: 422,
    message: "{file} is no cluster plug-in: {reason}.",
    mend: "Export its type as `pluginType`, e.g. LIST_NODE, and as the default what defineClusterPlugin gives.",
  },
  "cluster-method-missing": {
    status: 500,
    message: "The type {type} has no {method}.",
    mend: "Add it to what defineClusterPlugin is given.",
  },
  "protocol-unknown": {
    status: 500,
    message: "Version {found} of the protocol was asked for; {known} is the newest that is known here.",
    mend: "Use a version of the plug-in that speaks a version which the runner knows.",
  },
  "message-invalid": {
    status: 422,
    message: "The parameters of {method} are wrong: {reason}",
    mend: "Send them as docs/cluster-plugins.md says.",
  },
  "message-too-long": {
    status: 413,
    message: "A message of {bytes} bytes is longer than the {limit} that one line may have.",
    mend: "Ask for less at once, e.g. page by page.",
  },
  "peer-refused": {
    status: 500,
    message: "{reason}",
    mend: "These are the other side's own words.",
  },
  "peer-gone": {
    status: 500,
    message: "There is no answer: {reason}.",
    mend: "Look at the last lines of the plug-in's log.",
  },
  "call-over": {
    status: 500,
    message: "The call is over: {reason}.",
    mend: "Raise the plug-in's `timeout`, or do less in one call.",
  },
  "privilege-missing": {
    status: 403,
    message: "{plugin} may not {what}: it does not have the privilege {privilege}.",
    mend: "Name it under `privileges` of the plug-in, if it should have it.",
  },
  "host-unknown": {
    status: 403,
    message: "{plugin} may not run a script on {host}: it is no host of this cluster.",
    mend: "Use the addresses in context.hosts and context.cluster.hosts as they are.",
  },
  "kubernetes-request-invalid": {
    status: 422,
    message: "{method} {path} is not sent: {reason}.",
    mend: "Write the path as the Kubernetes API has it, e.g. /api/v1/nodes?labelSelector=disk%3Dssd.",
  },
  "fake-host-unreachable": {
    status: 502,
    message: "{host} can't be reached: {reason}.",
    mend: "Look at the test's fake hosts.",
  },
  "fake-request-unclear": {
    status: 422,
    message: "fakeKubernetes can't do this: {reason}.",
    mend: "Ask for something simpler, or try the plug-in on a real API server.",
  },
  "kit-data-invalid": {
    status: 422,
    message: "The plug-in refuses its data: {reason}",
    mend: "Give the data that its `validate` takes.",
  },
  "kubernetes-refused": {
    status: 502,
    message: "{method} {path}: the cluster's API answered {status}: {message}",
    mend: "Look at the API's own words; `kubectl` with the same path tells more.",
  },
  "kubernetes-answer-unclear": {
    status: 502,
    message: "{method} {path}: the cluster's API gave {found}.",
    mend: "Check that the path is one of the Kubernetes API, e.g. /api/v1/nodes.",
  },
  "package-missing": {
    status: 503,
    message: "The package {name} can't be found, and plug-ins written in JavaScript don't run without it.",
    mend: "Install Outrigger again.",
  },
  "program-missing": {
    status: 503,
    message: "{program} is not there, and plug-ins don't run without it: {reason}.",
    mend: "Install the package util-linux.",
  },
} as const;

/** The errors of the plug-in SDK. */
export const sdkErrors: ErrorCatalogue<typeof table> = defineErrors(table);
