/** Runs a command tree as this process: its services, its output, its exit code. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime";
import * as NodeServices from "@effect/platform-node/NodeServices";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Command from "effect/cli/Command";
import { exitCodeOf } from "./errors.ts";
import { refuseOldNode } from "./node-version.ts";
import { endOnLostOutput, outputLayer } from "./output.ts";

export function runProgram<Name extends string, Input, ContextInput, E>(
  command: Command.Command<Name, Input, ContextInput, E, Command.Environment>,
  version: string,
): void {
  refuseOldNode();
  endOnLostOutput();
  Command.runWith(command, { version })(withEntriesJoined(process.argv.slice(2))).pipe(
    Effect.provide(outputLayer),
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain({
      disableErrorReporting: true,
      // A command that ended well after Ctrl-C says so with process.exitCode.
      teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) ? 0 : Number(process.exitCode ?? exitCodeOf(exit.cause))),
    }),
  );
}

/** Entries of access control lists begin with a minus sign as flags do: `--acl "- 1 +"` is read as `--acl="- 1 +"`. */
function withEntriesJoined(args: readonly string[]): readonly string[] {
  return args.flatMap((arg, at) => {
    const isEntry = (text: string | undefined): boolean => text !== undefined && /^-(?!-)/.test(text);
    if (arg === "--acl" && isEntry(args[at + 1])) return [`${arg}=${args[at + 1]}`];
    return args[at - 1] === "--acl" && isEntry(arg) ? [] : [arg];
  });
}
