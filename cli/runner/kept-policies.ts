/** The path policies of a kept run. */
import { existsSync, readFileSync } from "node:fs";
import * as Effect from "effect/Effect";
import type { Policy } from "../../actors/selectors/policy.ts";
import { InputError } from "../errors.ts";
import { textOf } from "./failure-text.ts";
import { type Manifest, sha256 } from "./manifest.ts";
import { loadPolicy } from "./policies.ts";

/** A record does not hold the code of policies: their files must still be there. */
export const findPolicies = Effect.fnUntraced(function* (dir: string, { policies }: Manifest) {
  const loaded: Policy[] = [];
  for (const { name, file, sha256: recorded } of policies) {
    if (!existsSync(file)) {
      return yield* new InputError({
        message: `${dir}: the run used the policy ${name} in ${file}, which is not there; run this command where pathloom run was called`,
      });
    }
    if (sha256(readFileSync(file)) !== recorded)
      yield* Effect.logWarning(`policy file ${file} has changed since the run`);
    const policy = yield* Effect.tryPromise({
      try: () => loadPolicy(file),
      catch: (cause) => new InputError(textOf(cause)),
    });
    if (policy.name !== name) {
      return yield* new InputError({ message: `policy file ${file} holds ${policy.name}; the run used ${name}` });
    }
    loaded.push(policy);
  }
  return loaded;
});
