/** Errors by the names and numbers that the original library has. */

/** Position is number: 0 is no error. */
export const CHANNELER_ERRORS = [
  "ERR_SUCCESS",
  "ERR_UNEXPECTED",
  "ERR_INSUFFICIENT_BUFFER_SIZE",
  "ERR_DECODE",
  "ERR_ENCODE",
  "ERR_INVALID_CHANNELID",
  "ERR_INVALID_REFERENCE",
  "ERR_INVALID_PIPE_EVENT",
  "ERR_INVALID_MESSAGE_TYPE",
  "ERR_WRITE",
  "ERR_STATE",
  "ERR_DATA_UNAVAILABLE",
] as const;

export type ChannelerError = Exclude<(typeof CHANNELER_ERRORS)[number], "ERR_SUCCESS">;

export function errorNumber(error: ChannelerError | "ERR_SUCCESS"): number {
  return CHANNELER_ERRORS.indexOf(error);
}

/** A filter was wired to the wrong neighbour: a bug of whoever assembled the pipe, so it throws. */
export class PipeError extends Error {
  override readonly name = "ERR_INVALID_PIPE_EVENT" satisfies ChannelerError;

  constructor(filter: string, expected: string, found: string) {
    super(`filter ${filter} expects the event ${expected}, found ${found}: check the order of the pipe's filters`);
  }
}
