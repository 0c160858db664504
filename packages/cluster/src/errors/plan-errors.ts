/** What an operation can and can't do. */
export const planErrors = {
  "application-with-hosts": {
    status: 422,
    message: "{image} brings applications, and hosts of the cluster {cluster} would join or leave in the same breath.",
    mend: "Apply the hosts first, by a Clusterfile with the cluster's own image; then the application.",
  },
  "cluster-name-changed": {
    status: 422,
    message: "This is about the cluster {wanted}, and the cluster is {current}.",
    mend: "Clusters keep their names: name the right Clusterfile, or create another cluster by it.",
  },
  "cluster-without-master": {
    status: 422,
    message: "The cluster {cluster} has no master.",
    mend: "Give at least one host the role master.",
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
  "master0-removed": {
    status: 422,
    message:
      "{host} is the first master of the cluster {cluster} and can't leave it: the cluster was created there, and its scripts run there.",
    mend: "Keep it in the Clusterfile, or delete the whole cluster with `outrigger cluster delete --all`.",
  },
  "plugins-invalid": {
    status: 422,
    message: "The plug-ins of the cluster {cluster} have {count}.",
    mend: "Mend the lines named; nothing was touched. `outrigger cluster plan` checks again.",
  },
} as const;
