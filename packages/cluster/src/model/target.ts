/** One term of `on` or `scope`; a plug-in's terms are unioned. */
export type Target =
  | { readonly kind: "role"; readonly role: string }
  /** The first master. The only target that also counts outside the hosts of an operation: a worker joins, master0 labels it. */
  | { readonly kind: "master0" }
  /** Inclusive; `from` equals `to` for a single address. Canonical text, one family. */
  | { readonly kind: "addresses"; readonly from: string; readonly to: string }
  /** A Kubernetes label selector: `disk=ssd`, `disk!=ssd`, `disk`, `!disk`, `disk in (ssd,nvme)`; terms joined by commas must all hold. */
  | { readonly kind: "labels"; readonly selector: string };
