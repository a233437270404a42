/** `pathloom report`: the page of a comparison that is kept, made anew from its summary. */
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import { InputError, reporting } from "../errors.ts";
import { print } from "../output.ts";

const flags = {
  dir: Argument.String("dir").pipe(Argument.withDescription("Folder of a comparison: from compare --out DIR")),
  picture: Flag.String("picture").pipe(
    Flag.withMetavar("file"),
    Flag.withDescription("Also write how adoption changes the order of the policies, as an SVG file"),
    Flag.optional,
  ),
};

const REPORT = "report.html";

const execute = Effect.fnUntraced(function* ({ dir, picture }: Command.Command.Config.Infer<typeof flags>) {
  const { readComparison } = yield* Effect.promise(() => import("../runner/comparison-file.ts"));
  const { textOf } = yield* Effect.promise(() => import("../runner/failure-text.ts"));
  const { writeWhole } = yield* Effect.promise(() => import("../runner/write-whole.ts"));
  const { reportHtml } = yield* Effect.promise(() => import("../../viz/report/report.ts"));
  const { orderPicture } = yield* Effect.promise(() => import("../../viz/report/order-picture.ts"));
  const attempt = <T>(act: () => T) => Effect.try({ try: act, catch: (cause) => new InputError(textOf(cause)) });
  const path = join(dir, REPORT);
  const comparison = yield* attempt(() => readComparison(dir));
  const order = Option.isSome(picture) ? orderPicture(comparison) : null;
  if (Option.isSome(picture) && order === null) {
    const message = `--picture: the comparison in ${dir} has one adoption; the picture shows how the order changes between two (compare --adoption both)`;
    return yield* new InputError({ message });
  }
  yield* attempt(() => writeWhole(path, reportHtml(comparison)));
  yield* print(path);
  if (Option.isNone(picture) || order === null) return;
  yield* attempt(() => writeWhole(picture.value, order));
  yield* print(picture.value);
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
