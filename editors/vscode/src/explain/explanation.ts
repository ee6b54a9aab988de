/** The answer to `mim/explain`: how a suggestion came about. */

/** A piece of the text, with each direction's probability of it; null where its tokens have other borders. */
export interface Token {
  readonly text: string;
  readonly forward: number | null;
  readonly backward: number | null;
}

/** The part of an explanation that is shown. */
export interface Explanation {
  readonly sentence: string;
  readonly met: boolean;
  readonly verified: boolean;
  /** Code points from the start of the text to where the sides met. */
  readonly meeting_point: number | null;
  readonly tokens: readonly Token[];
  readonly forward: { readonly text: string };
  readonly backward: { readonly text: string };
  readonly steps: number;
  readonly encode_ms: number;
  readonly decode_ms: number;
}

/** The whole answer. */
export interface Explained {
  readonly reason: string | null;
  readonly reasonText: string | null;
  readonly explanation: Explanation | null;
}
