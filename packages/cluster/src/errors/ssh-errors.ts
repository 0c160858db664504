/** Hosts and connections to them. */
export const sshErrors = {
  "host-bash-missing": {
    status: 422,
    message: "{host}: there is no bash that can be used: {reason}.",
    mend: "Install bash 4.4 or newer there, with GNU coreutils, findutils and tar; nothing else is needed.",
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
} as const;
