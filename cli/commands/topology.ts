/** `pathloom topology`: one file for each of its commands. */
import * as Command from "effect/cli/Command";
import { checkCommand } from "./topology/check.ts";
import { convertCommand } from "./topology/convert.ts";
import { generateCommand } from "./topology/generate.ts";
import { showCommand } from "./topology/show.ts";

export const topologyCommand = Command.make("topology").pipe(
  Command.withDescription("Look at networks, check them, make them, and turn one format into another"),
  Command.withSubcommands([showCommand, checkCommand, convertCommand, generateCommand]),
);
