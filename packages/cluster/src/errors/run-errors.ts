/** Runs, their journals, and what is known of clusters. */
export const runErrors = {
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
  "host-of-another-cluster": {
    status: 409,
    message: "{host} has files of the cluster {other}: it can't become part of {cluster} as well.",
    mend: "Take it out of {other} first (`outrigger cluster delete`). Where that cluster is gone, remove /var/lib/outrigger/clusters/{other} on the host.",
  },
  "image-changed": {
    status: 409,
    message: "{image} is another image now ({found}); the cluster has {expected}.",
    mend: "Give the former one its name back (`outrigger pull`, `outrigger load`), or ask for the new one with `outrigger cluster upgrade`.",
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
  "phase-not-of-plugin": {
    status: 422,
    message: "{plugin} does not run at {phase}.",
    mend: "Its phases are {phases}.",
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
  "plugin-version-unknown": {
    status: 422,
    message: "{version} has no usable document of a plug-in {plugin}.",
    mend: "Name a YAML file, or a folder, with a Plugin document of this name.",
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
  "step-unknown": {
    status: 500,
    message: "The runner does not know how to do the step {step}.",
    mend: "The plan is of another version of outrigger: make it anew.",
  },
} as const;
