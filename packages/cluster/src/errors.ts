import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "host-of-another-cluster": {
    status: 409,
    message: "{host} has files of the cluster {other}: it can't become part of {cluster} as well.",
    mend: "Take it out of {other} first (`outrigger cluster delete`). Where that cluster is gone, remove /var/lib/outrigger/clusters/{other} on the host.",
  },
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
  "cluster-known": {
    status: 409,
    message: "The cluster {cluster} is known here already: {file}.",
    mend: "Nothing has to be adopted. Where the file is the wrong one, move it away first.",
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
  "cluster-not-adoptable": {
    status: 422,
    message: "{ip} keeps a state of the cluster {cluster} of which it is no host itself.",
    mend: "Name one of the cluster's masters by the address that the cluster knows it by.",
  },
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
  "cluster-unknown": {
    status: 404,
    message: "No cluster {cluster} is known here.",
    mend: "`outrigger cluster status` lists those that are; `outrigger cluster adopt IP` takes one over from a master of it.",
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
  "confinement-impossible": {
    status: 403,
    message:
      "The program {path} of the plug-in {plugin} comes from an image, and nothing here can keep it from this machine's files and network.",
    mend: "Run as root on a kernel with namespaces, or let it do what it wants: give it the privilege `local`, and `--grant {plugin}`.",
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
    message: "The data of the plug-in {plugin} is wrong: {reason}",
    mend: "Mend `spec.data` of its document, or the variables that fill it.",
  },
  "package-gone": {
    status: 404,
    message: "The package {package} is no longer to be had as the run began with it ({digest}).",
    mend: "Pull or load it again, or plan the run anew with `outrigger cluster resume -f`.",
  },
  "plugin-folder-large": {
    status: 422,
    message: "{folder} has more than {files} files or {bytes} bytes, and has to be copied for a plug-in's own user.",
    mend: "Put the plug-in's code into a folder of its own.",
  },
  "plugin-not-in-cluster": {
    status: 404,
    message: "The cluster {cluster} has no plug-in {plugin}.",
    mend: "It has these: {known}.",
  },
  "plugin-of-image": {
    status: 409,
    message: "{plugin} is part of the image of the cluster {cluster}: its version goes with that.",
    mend: "Switch it off with `outrigger cluster plugin disable {plugin}`, or change the image with `outrigger cluster upgrade` and `rollback`.",
  },
  "plugin-present": {
    status: 409,
    message: "The cluster {cluster} has a plug-in {plugin} already.",
    mend: "Give yours another name, or change what is there.",
  },
  "plugin-type-unknown": {
    status: 422,
    message: "No plug-in has the type {type}: {known}.",
    mend: "Name a built-in type, or bring the module or executable of this type beside the document, in `plugins/`.",
  },
  "plugin-version-unknown": {
    status: 422,
    message: "{version} has no usable document of a plug-in {plugin}.",
    mend: "Name a YAML file, or a folder, with a Plugin document of this name.",
  },
  "plugins-invalid": {
    status: 422,
    message: "The plug-ins of the cluster {cluster} have {count}.",
    mend: "Mend the lines named; nothing was touched. `outrigger cluster plan` checks again.",
  },
  "run-cancelled": {
    status: 500,
    message: "The run {run} was cancelled; what ran on the hosts was told to end.",
    mend: "`outrigger cluster resume {cluster}` goes on with it; `--abandon` leaves it as it is.",
  },
  "run-failed": {
    status: 500,
    message: "{failures}\nThe run {run} is open; what the cluster is has not been changed here.",
    mend: "Mend it, then `outrigger cluster resume {cluster}`: what is done is not done again. `outrigger cluster resume {cluster} --abandon` leaves it as it is.",
  },
  "run-none-open": {
    status: 409,
    message: "No run of the cluster {cluster} is open.",
    mend: "`outrigger cluster history {cluster}` lists its runs.",
  },
  "run-of-another-operation": {
    status: 409,
    message: "The open run {run} is of the operation {operation}; what the files now ask for is {wanted}.",
    mend: "Resume without -f, or leave it with `outrigger cluster resume --abandon`.",
  },
  "run-open": {
    status: 409,
    message: "The run {run} ({operation}) of the cluster {cluster} is not through: {reason}.",
    mend: "Go on with it by `outrigger cluster resume {cluster}`, or leave it as it is with `outrigger cluster resume {cluster} --abandon`.",
  },
  "run-over": {
    status: 500,
    message: "{failures}",
    mend: "Mend it, and run the command again; what the cluster is has not been changed.",
  },
  "run-unknown": {
    status: 404,
    message: "The cluster {cluster} has no run {run}.",
    mend: "`outrigger cluster history {cluster}` lists its runs.",
  },
  "run-unreadable": {
    status: 500,
    message: "{file} does not say what the run was to do: {reason}.",
    mend: "Leave the run with `outrigger cluster resume --abandon`, and begin anew.",
  },
  "script-output-invalid": {
    status: 422,
    message: "What {task} has written to OUTRIGGER_OUTPUT on {host} is not KEY=value in line {line}.",
    mend: "Mend the image's script: one KEY=value a line, the key of letters, digits and underscores.",
  },
  "script-output-unreadable": {
    status: 500,
    message: "What {task} has written to OUTRIGGER_OUTPUT on {host} can't be read: {reason}.",
    mend: "Mend what the host says, then run `outrigger cluster resume`.",
  },
  "secret-unreadable": {
    status: 400,
    message: "{question} can't be had: {reason}.",
    mend: "Give it from a file that only you can read, from a variable, or run the command on a terminal to be asked.",
  },
  "step-unknown": {
    status: 500,
    message: "The runner does not know how to do the step {step}.",
    mend: "The plan is of another version of outrigger: make it anew.",
  },
  "template-invalid": {
    status: 422,
    message: "The template {place} can't be filled in: {reason}",
    mend: "Mend the template, or write the file without templates under a name that does not end with .tmpl; docs/cluster-files.md has what templates may hold.",
  },
  "host-bash-missing": {
    status: 422,
    message: "{host}: there is no bash that can be used: {reason}.",
    mend: "Install bash 4.4 or newer and coreutils there; nothing else is needed.",
  },
  "host-command-failed": {
    status: 502,
    message: "{host}: {what} failed: {reason}.",
    mend: "Mend what is named on the host, then run it again.",
  },
  "host-disk-full": {
    status: 507,
    message: "{host}: there is no room for {what}: {reason}.",
    mend: "Free space under /var/lib/outrigger or make the disk larger, then resume; what arrived is kept.",
  },
  "host-file-missing": {
    status: 404,
    message: "{host}: {path} can't be read: {reason}.",
    mend: "Check the path; it is read as root.",
  },
  "host-file-too-large": {
    status: 413,
    message: "{host}: {path} has {bytes} bytes; at most 64 MiB are read.",
    mend: "Copy such a file by other means.",
  },
  "host-forward-refused": {
    status: 502,
    message: "{host}: no connection from there to {address} port {port}: {reason}.",
    mend: "Check that something listens there, and that its sshd_config has not set AllowTcpForwarding to no.",
  },
  "host-key-changed": {
    status: 403,
    message:
      "{host} shows another host key than before: {found} instead of {known} ({file}:{line}). Another machine may be answering in its place.",
    mend: "If the machine was really set up anew, forget its old key: ssh-keygen -f '{file}' -R '{name}'.",
  },
  "host-key-revoked": {
    status: 403,
    message: "{host} shows a host key that is revoked: {found} ({file}:{line}).",
    mend: "Give the host a new key; this one must never be used again.",
  },
  "host-key-unknown": {
    status: 403,
    message: "{host} shows a host key that is not known: {found}.",
    mend: "Compare it with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the host, then add it to {file} (ssh-keyscan prints the line), or allow trust at first use.",
  },
  "host-not-of-cluster": {
    status: 404,
    message: "{ip} is no host of this operation.",
    mend: "Name one of: {known}.",
  },
  "host-shell-ended": {
    status: 422,
    message: "{host}: the login shell of {user} ended (exit {exit}) before it ran anything: {output}.",
    mend: "Give the user a shell that runs commands, and see that its start files (~/.bashrc and the like) neither exit nor wait without a terminal.",
  },
  "host-timeout": {
    status: 504,
    message: "{host}: {what} took longer than {seconds} s and was stopped.",
    mend: "See on the host what it waits for, or give it more time.",
  },
  "host-unreachable": {
    status: 502,
    message: "{host} can't be reached on port {port}: {reason}.",
    mend: "Check the address, that the machine is up, and that no firewall is between; `ssh -p {port} {user}@{host}` should work.",
  },
  "known-hosts-unusable": {
    status: 500,
    message: "{file} can't be used: {reason}.",
    mend: "Mend the file or its permissions; it has to be one of OpenSSH's known_hosts.",
  },
  "ssh-algorithms": {
    status: 502,
    message: "{host}: no SSH algorithm in common: {reason}.",
    mend: "Upgrade its OpenSSH or widen the lists in its sshd_config; algorithms that are known to be weak are not taken.",
  },
  "ssh-key-unusable": {
    status: 422,
    message: "{path} can't be used as a private key: {reason}.",
    mend: "Name another key, give its passphrase (pkPasswd), or load it into an ssh-agent.",
  },
  "ssh-link-lost": {
    status: 502,
    message: "{host}: the connection was lost ({reason}) and did not come back within {seconds} s.",
    mend: "Bring the host back and resume; scripts that run there go on and are found again.",
  },
  "ssh-login-refused": {
    status: 401,
    message: "{host} refuses to let {user} in. Tried: {tried}. The host takes: {taken}.",
    mend: "Check the user with its password or key; `ssh -p {port} {user}@{host}` should work.",
  },
  "ssh-protocol": {
    status: 502,
    message: "{host} does not speak SSH as it should on port {port}: {reason}.",
    mend: "Check that sshd listens on this port and lets more connections in (MaxStartups).",
  },
  "ssh-sessions-refused": {
    status: 502,
    message: "{host}: sshd opens no session for {user}: {reason}.",
    mend: "Check MaxSessions, ForceCommand and permitopen in its sshd_config and authorized_keys.",
  },
  "sudo-refused": {
    status: 403,
    message: "{host}: {user} can't become root by `sudo -n`: {reason}.",
    mend: "Log in as root, or give the user `NOPASSWD: ALL` in /etc/sudoers.d.",
  },
  "task-key-invalid": {
    status: 500,
    message: "{found} is no key of a task: {reason}.",
    mend: "Use printable characters, at most 500.",
  },
  "task-variable-invalid": {
    status: 422,
    message: "{name} can't be a variable of a script: {reason}.",
    mend: "Use letters, digits and underscores, not beginning with a digit, and none of bash's own names; no value can hold a NUL.",
  },
  "tree-not-for-hosts": {
    status: 422,
    message: "The file {path} can't be put on a host: {reason}.",
    mend: "Take it out of the image or give it another place.",
  },
  "tree-transfer-damaged": {
    status: 502,
    message: "{host}: {path} arrived, but differs from what was sent.",
    mend: "Check the host's disk and memory, then resume.",
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
  "secret-in-argument": {
    status: 400,
    message: "{option} takes no secret itself: every user of this machine can read a program's arguments.",
    mend: "Write `{option}` alone to be asked, `{option} file:PATH` or `{option} env:NAME`.",
  },
  "image-changed": {
    status: 409,
    message: "{image} is another image now ({found}); the cluster has {expected}.",
    mend: "Give the former one its name back (`outrigger pull`, `outrigger load`), or ask for the new one with `outrigger cluster upgrade`.",
  },
  "phase-not-of-plugin": {
    status: 422,
    message: "{plugin} does not run at {phase}.",
    mend: "Its phases are {phases}.",
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

export const clusterErrors: ErrorCatalogue<typeof table> = defineErrors(table);
