/** What the server tells of itself, see `mim/status` in the server's documentation. */

/** The part of the answer to `mim/status` that is shown. */
export interface ServerStatus {
  readonly state: "ready" | "loading" | "busy" | "paused" | "unloaded" | "error";
  readonly message: string | null;
  readonly version: string;
  readonly model: string | null;
  readonly device: string | null;
  readonly paused: boolean;
  /** Whether everything is paused, and the document with it; older servers do not tell. */
  readonly pausedEverywhere?: boolean;
  /** Why the document in the active editor is not completed, as a code; null if it is. */
  readonly refusal: string | null;
  readonly lastReasonText: string | null;
  readonly latencyMs: { readonly p50: number; readonly p95: number } | null;
}
