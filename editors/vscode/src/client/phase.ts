/** Where the connection to the server stands. */

/** `running` is when the server answers; what it does then is its own `state`. */
export type Phase =
  | { readonly kind: "starting" }
  | { readonly kind: "running"; readonly server: string }
  | { readonly kind: "missing"; readonly detail: string }
  | { readonly kind: "waiting"; readonly seconds: number }
  | { readonly kind: "failed"; readonly detail: string }
  | { readonly kind: "stopped" };
