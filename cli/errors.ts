/** What a command can fail with, the exit code of each, and how a failure is told. */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Runtime from "effect/Runtime";
import * as Schema from "effect/Schema";
import { textOf } from "./runner/failure-text.ts";

const fields = {
  message: Schema.String,
  /** For those who debug Pathloom or a policy of their own: shown with `--log-level debug`. */
  stack: Schema.optionalKey(Schema.String),
};

/** What was given cannot be used: a missing file, bad YAML, an unknown AS. Exit code 2. */
export class InputError extends Schema.TaggedError<InputError>()("InputError", fields) {
  override readonly [Runtime.errorExitCode] = 2;
  override readonly [Runtime.errorReported] = false;
}

/** The input was fine and the run or check failed. Exit code 1. */
export class RunError extends Schema.TaggedError<RunError>()("RunError", fields) {
  override readonly [Runtime.errorExitCode] = 1;
  override readonly [Runtime.errorReported] = false;
}

/** A check's answer is no; everything about it has been printed. Exit code 1. */
export class CheckFailed extends Schema.TaggedError<CheckFailed>()("CheckFailed", {}) {
  override readonly [Runtime.errorExitCode] = 1;
  override readonly [Runtime.errorReported] = false;
}

/** What is wrong with the input has been printed as a result. Exit code 2. */
export class InputRefused extends Schema.TaggedError<InputRefused>()("InputRefused", {}) {
  override readonly [Runtime.errorExitCode] = 2;
  override readonly [Runtime.errorReported] = false;
}

export type CommandError = InputError | RunError | CheckFailed | InputRefused;

/** Runs a command's body and tells what went wrong, once, on stderr: a sentence, and a stack only at log level debug. */
export function reporting<A, E extends CommandError, R>(
  body: Effect.Effect<A, E, R>,
): Effect.Effect<A, E | RunError, R> {
  return body.pipe(
    Effect.tapError((error) =>
      error._tag === "CheckFailed" || error._tag === "InputRefused" ? Effect.void : tell(error),
    ),
    Effect.catchDefect((defect) => {
      const bug = new RunError({
        ...textOf(defect),
        message: `unexpected: ${textOf(defect).message}\nThis is a bug in Pathloom; --log-level debug shows where.`,
      });
      return Effect.andThen(tell(bug), Effect.fail(bug));
    }),
  );
}

function tell(error: InputError | RunError): Effect.Effect<void> {
  const { message, stack } = error;
  return stack === undefined
    ? Effect.logError(message)
    : Effect.andThen(Effect.logError(message), Effect.logDebug(stack));
}

/** The exit code of a program's end: its error's own, 130 after Ctrl-C, 2 where the command line itself was wrong. */
export function exitCodeOf(cause: Cause.Cause<unknown>): number {
  if (Cause.hasInterruptsOnly(cause)) return 130;
  const error = Cause.squash(cause);
  return isShowHelp(error) ? 2 : Runtime.getErrorExitCode(error);
}

function isShowHelp(error: unknown): boolean {
  return typeof error === "object" && error !== null && "_tag" in error && error._tag === "ShowHelp";
}
