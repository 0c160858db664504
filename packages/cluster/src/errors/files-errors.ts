/** Clusterfiles, templates and secrets. */
export const filesErrors = {
  "config-invalid": {
    status: 422,
    message: "The Config document {name} ({origin}) can't be applied to {path}: {reason}.",
    mend: "Mend the document, or the file of the image that it changes; docs/cluster-files.md says what each strategy and process does.",
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
    mend: "Mend the template, or write the file without templates under a name that does not end with .tmpl; docs/cluster-files.md has what templates may hold.",
  },
} as const;
