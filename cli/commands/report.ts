/** `pathloom report`: the page of a comparison that is kept, made anew from its summary. */
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import { InputError, reporting } from "../errors.ts";
import { print } from "../output.ts";

const flags = {
  dir: Argument.String("dir").pipe(Argument.withDescription("Folder of a comparison: from compare --out DIR")),
};

const REPORT = "report.html";

const execute = Effect.fnUntraced(function* ({ dir }: Command.Command.Config.Infer<typeof flags>) {
  const { readComparison } = yield* Effect.promise(() => import("../runner/comparison-file.ts"));
  const { textOf } = yield* Effect.promise(() => import("../runner/failure-text.ts"));
  const { writeWhole } = yield* Effect.promise(() => import("../runner/write-whole.ts"));
  const { reportHtml } = yield* Effect.promise(() => import("../../viz/report/report.ts"));
  const path = join(dir, REPORT);
  yield* Effect.try({
    try: () => writeWhole(path, reportHtml(readComparison(dir))),
    catch: (cause) => new InputError(textOf(cause)),
  });
  yield* print(path);
});

export const reportCommand = Command.make("report", flags, (input) => reporting(execute(input))).pipe(
  Command.withDescription("Write report.html, one self-contained page, into the folder of a comparison"),
  Command.withExamples([
    {
      command: "pathloom compare examples/18-compare-two-isds.yaml --out runs/one",
      description: "First keep a comparison",
    },
    { command: "pathloom report runs/one", description: "Then make its page, anew where there is one" },
  ]),
);
