/** Directions: which interface of an AS an entry means, and which way a path is judged. */
import test from "ava";
import type { IA } from "../address.ts";
import type { PathInfo } from "../path.ts";
import { filterPaths, findAllowed, pathsToJudge, type PathPolicy } from "./policy.ts";
import { parseSequence } from "./sequence.ts";

const [A, B, C]: readonly [IA, IA, IA] = ["1-1", "1-2", "1-3"];

/** From A over B to C, in at `into` and out at `out` of B. */
function over(into: number, out: number): PathInfo {
  const interfaces = [
    { ia: A, ifId: 7 },
    { ia: B, ifId: into },
    { ia: B, ifId: out },
    { ia: C, ifId: 9 },
  ];
  return { interfaces, fingerprint: `${into}>${out}` } as Partial<PathInfo> as PathInfo;
}

function names(paths: readonly PathInfo[]): string {
  return paths.map(({ fingerprint }) => fingerprint).join(" ");
}

test("two interfaces of an entry: the first where packets enter, the second where they leave", (t) => {
  const paths = [over(1, 2), over(2, 1), over(1, 3), over(3, 2)];
  const left = (entry: string): string => names(filterPaths({ acl: [entry, "+"] }, paths));
  t.is(left("- 1-2#1"), "3>2");
  t.is(left("- 1-2#1,9"), "2>1 3>2");
  t.is(left("- 1-2#9,1"), "1>2 1>3 3>2");
  t.is(left("- 1-1#9,7"), "");
  t.is(left("- 1-1#7,9"), names(paths));
  // Each interface is looked at by itself, and 0 fits any by which packets leave.
  t.is(left("- 1-2#1,0"), "");
  t.is(left("- 1-3#9,0"), "");
  t.is(left("- 1-3#8,0"), names(paths));
});

test("operators behind operators: the same again, or any number of times", (t) => {
  const read = (text: string) => {
    const parsed = parseSequence(text);
    return parsed.ok && parsed.value?.kind === "repeat" ? parsed.value.times : null;
  };
  t.deepEqual(["0??", "0++", "0**", "0?+", "0+?", "0*?", "0+*"].map(read), ["?", "+", "*", "*", "*", "*", "*"]);
});

test("paths are looked for beyond those offered, and the way back is judged as the way there", (t) => {
  const there = [over(1, 2), over(1, 3), over(2, 4), over(3, 4), over(4, 5)];
  const back = there.map((path) => ({ ...path, interfaces: path.interfaces.toReversed() }));
  const among = (most: number) => (src: IA, _dst: IA) => (src === A ? there : back).slice(0, most);
  const policy: PathPolicy = { acl: ["- 1-2#1,65535", "+"] };
  const find = findAllowed(policy, A, among(2), among(99), 2);
  t.is(names(find(A, C)), "2>4 3>4");
  t.is(names(find(C, A)), "2>4 3>4");
  t.is(findAllowed(undefined, A, among(2), among(99), 2)(A, C).length, 2);
  // Fewer than asked for: there are no more to be found.
  const never = (): never => t.fail("looked for more") as never;
  t.is(names(findAllowed(policy, A, among(5), never, 6)(A, C)), "2>4 3>4 4>5");
  t.deepEqual([1, 1_000, 1_001].map(pathsToJudge), [1_000, 1_000, 1_001]);
});
