/**
 * Cases that scionproto publishes for its path policies (`private/path/pathpol`: sequence_test.go, acl_test.go, policy_test.go,
 * hop_pred_test.go, remote_isdas_test.go): how many of the shortest paths of its default graph a policy leaves.
 */
import { existsSync, readFileSync } from "node:fs";
import test, { type ExecutionContext } from "ava";
import type { IA } from "../address.ts";
import type { PathInterface } from "../path.ts";
import { parseAclEntry, checkAcl, formatAclEntry } from "./acl.ts";
import { extendPolicy, filterPaths, type PathPolicy, type RemoteRule } from "./policy.ts";
import { parseSequence } from "./sequence.ts";

const GRAPH = new URL("../../../shared/data/vectors/graph_default.json", import.meta.url);
const SHARED = new URL("../../../shared/data/vectors/sequence.json", import.meta.url);

interface Edge {
  readonly a: IA;
  readonly aIf: number;
  readonly b: IA;
  readonly bIf: number;
}

interface Trail {
  readonly at: IA;
  readonly interfaces: readonly PathInterface[];
}

type ShortestPaths = (src: IA, dst: IA) => readonly { readonly interfaces: readonly PathInterface[] }[];

/** All paths of the fewest links, whatever the types of the links; null where the graph is absent. */
function shortestPathsOfDefaultGraph(): ShortestPaths | null {
  if (!existsSync(GRAPH)) return null;
  const { edges } = (JSON.parse(readFileSync(GRAPH, "utf8")) as { default: { edges: readonly Edge[] } }).default;
  const ways = edges.flatMap(({ a, aIf, b, bIf }): (readonly [PathInterface, PathInterface])[] => {
    const [left, right] = [
      { ia: a, ifId: aIf },
      { ia: b, ifId: bIf },
    ];
    return [
      [left, right],
      [right, left],
    ];
  });
  return (src, dst) => {
    let open: Trail[] = [{ at: src, interfaces: [] }];
    while (open.length > 0 && !open.some(({ at }) => at === dst)) {
      open = open.flatMap(({ at, interfaces }) =>
        ways
          .filter(([from, to]) => from.ia === at && to.ia !== src && !interfaces.some(({ ia }) => ia === to.ia))
          .map(([from, to]) => ({ at: to.ia, interfaces: [...interfaces, from, to] })),
      );
    }
    return open.filter(({ at }) => at === dst);
  };
}

const pathsOf = shortestPathsOfDefaultGraph();

function counted(t: ExecutionContext, compare: (paths: ShortestPaths) => void): void {
  if (pathsOf !== null) return compare(pathsOf);
  t.log("the shared graph (graph_default.json) is absent: nothing was compared with scionproto's cases");
  t.pass();
}

/** A short AS number is one of the graph: `212` is 2-ff00:0:212. */
function as(number: number): string {
  return `${Math.floor(number / 100)}-ff00:0:${number}`;
}

test("the shared cases of sequences", (t) => {
  counted(t, (paths) => {
    if (!existsSync(SHARED)) return t.log("the shared cases (sequence.json) are absent");
    const cases = JSON.parse(readFileSync(SHARED, "utf8")) as {
      name: string;
      seq: string;
      src: string;
      dst: string;
      n: number;
    }[];
    for (const { name, seq, src, dst, n } of cases) {
      t.is(filterPaths({ sequence: seq }, paths(src, dst)).length, n, name);
    }
    t.log(`${cases.length} cases`);
    t.true(cases.length > 0);
  });
});

const [A133, A132, A131] = ["1-ff00:0:133", "1-ff00:0:132", "1-ff00:0:131"];
const VIA_EAST = "1-ff00:0:133#1018 1-ff00:0:122#1810,1815";
const TO_110 = "1-ff00:0:120#3015,2911 1-ff00:0:110#1129";

/** Of sequence_test.go: sequence, source, destination, paths left. */
const SEQUENCES: readonly (readonly [sequence: string, src: number, dst: number, left: number])[] = [
  ["0-0#0", 212, 212, 0],
  ["0*", 212, 212, 1],
  ["1-ff00:0:110#1,2*", 212, 212, 1],
  ["0* 0*", 212, 212, 1],
  ["0* 0?", 212, 212, 1],
  ["0+", 212, 212, 0],
  ["0-0#0", 212, 211, 0],
  ["0-0#0 0-0#0", 212, 211, 2],
  ["0-0#0 0-0#0 0-0#0 0-0#0", 122, 220, 2],
  [`${A133}#1019 ${A132}#1910`, 133, 132, 1],
  [`0 ${A132}#1910,1916 0`, 133, 131, 1],
  [`0 ${A132}#0,1916 0`, 133, 131, 1],
  [
    "1-ff00:0:122#1815 1-ff00:0:121#1518,1530 1-ff00:0:120#3015,3122 2-ff00:0:220#2231,2224 2-ff00:0:221#2422",
    122,
    221,
    1,
  ],
  [`${VIA_EAST} 1-ff00:0:121#0,1530 ${TO_110}`, 133, 110, 1],
  [`${VIA_EAST} 1-ff00:0:121#1530,0 ${TO_110}`, 133, 110, 0],
  ["1-ff00:0:133#0 1 0-0#0 1-ff00:0:120#0 1-ff00:0:110#1129", 133, 110, 1],
  ["1-ff00:0:133#0 1-0#0 0-0#0 1-0#0 1-ff00:0:110#0", 133, 110, 2],
  ["", 212, 211, 2],
  ["0*", 212, 211, 2],
  ["0 0 0*", 212, 211, 2],
  ["0+", 212, 211, 2],
  ["0 0 0+", 212, 211, 0],
  ["0 0 0?", 212, 211, 2],
  ["0 0?", 212, 211, 2],
  ["0?", 212, 211, 0],
  ["0 0 0", 211, 220, 3],
  ["0 0", 211, 220, 0],
  ["0 2-ff00:0:221 0", 211, 220, 1],
  ["0 (2-ff00:0:221 | 2-ff00:0:210) 0", 211, 220, 3],
  ["0 (2-ff00:0:221 |64-12345) 0", 211, 220, 1],
  ["0 2-ff00:0:221|64-12345 0", 211, 220, 1],
  ["0 0 0 ?  ", 211, 220, 3],
  ["(0 0)?", 211, 220, 0],
  [`0 ${A132}#1910 0`, 133, 131, 1],
  [`0 ${A132}#1916 0`, 133, 131, 1],
  [`0 ${A132}#1917 0`, 133, 131, 0],
  [`0 ${A132}#1910,0 0`, 133, 131, 1],
  [`0 ${A132}#1916,0 0`, 133, 131, 0],
  [`0 ${A132}#0,1910 0`, 133, 131, 0],
];

test("sequences", (t) => {
  counted(t, (paths) => {
    for (const [sequence, src, dst, left] of SEQUENCES) {
      t.is(filterPaths({ sequence }, paths(as(src), as(dst))).length, left, sequence);
    }
  });
});

test("an interface of any AS, as the help of scion showpaths has it", (t) => {
  counted(t, (paths) => {
    const given = paths(as(133), as(131));
    t.is(filterPaths({ sequence: `0-0#1019 0 ${A131}` }, given).length, 1);
    t.is(filterPaths({ sequence: `0-0#1910 0 ${A131}` }, given).length, 0);
  });
});

test("texts that are sequences and that are none", (t) => {
  const taken = ["0-0-0#0", "0#0#0", "0", "1#0", "1-0"].map((text) => parseSequence(text).ok);
  t.deepEqual(taken, [false, false, true, false, true]);
});

/** Of acl_test.go, without the lists whose last entries can never be reached: reading refuses those. */
const ACLS: readonly (readonly [acl: readonly string[], src: number, dst: number, left: number])[] = [
  [["+ 2-0#0", "-"], 212, 211, 2],
  [["+ 2-ff00:0:212#0", "+ 2-ff00:0:211#0", "-"], 212, 211, 2],
  [["+ 2-ff00:0:212#0", "-"], 212, 211, 0],
  [["- 1-ff00:0:110#0", "- 1-ff00:0:120#0", "+"], 133, 222, 2],
  [["- 1-ff00:0:110#0", "- 1-ff00:0:120#0", "- 1-ff00:0:111#2823", "+"], 133, 222, 1],
  [["+ 1-ff00:0:120#0", "+ 1-ff00:0:130#0", "- 1-0#0", "+"], 130, 220, 2],
  [["- 1-0#0", "+ 1-ff00:0:130#0", "+ 1-ff00:0:120#0", "+"], 130, 220, 0],
];

test("access control lists", (t) => {
  counted(t, (paths) => {
    for (const [acl, src, dst, left] of ACLS) {
      t.is(filterPaths({ acl }, paths(as(src), as(dst))).length, left, acl.join(", "));
    }
  });
});

test("the last entry matches everything, and no other does", (t) => {
  const isSound = (acl: readonly string[]): boolean => {
    const entries = acl.map(parseAclEntry).flatMap((entry) => (entry.ok ? [entry.value] : []));
    return entries.length === acl.length && checkAcl(entries).ok;
  };
  t.deepEqual(
    [[], ["+ 42"], ["+ 1-0#0"], ["-", "+ 27"], ["+ 42", "-", "+ 27", "- 30"], ["* 0"], ["+ 0 0"]].map(isSound),
    [false, false, false, false, false, false, false],
  );
  t.deepEqual([["+"], ["+ 42", "-"], ["+ 1-0#0", "- 0-0#0"], ["+ 0"]].map(isSound), [true, true, true, true]);
});

test("hop predicates", (t) => {
  const shortest = (text: string): string | null => {
    const entry = parseAclEntry(`+ ${text}`);
    return entry.ok ? formatAclEntry(entry.value).slice(2) : null;
  };
  const taken = ["0", "1", "1-0", "1-0#0", "0-1#0", "0-1#2", "0-1", "1-2", "1-2#3,4"];
  t.deepEqual(taken.map(shortest), ["", "1", "1", "1", "0-1", "0-1#2", "0-1", "1-2", "1-2#3,4"]);
  const refused = ["1-0#1", "1-2#3,4,5", "1-1-0", "1#2", "1-1#0#", "1-1#e", "1-2#1,3a", "1-0#1,3"];
  for (const text of [...refused, "1-12323433243534#0", "1123212-23#0"]) t.is(shortest(text), null, text);
});

const allow: PathPolicy = { acl: ["+"] };
const avoid = (...ases: string[]): PathPolicy => ({ acl: [...ases.map((one) => `- ${one}`), "+"] });

/** Of policy_test.go (TestOptionsEval). */
const OPTIONS: readonly (readonly [options: PathPolicy["options"], src: number, dst: number, left: number])[] = [
  [[{ weight: 0, policy: allow }], 212, 211, 2],
  [
    [
      { weight: 0, policy: allow },
      { weight: 1, policy: { acl: ["-"] } },
    ],
    212,
    211,
    2,
  ],
  [
    [
      { weight: 0, policy: allow },
      { weight: 1, policy: avoid("1-ff00:0:110#0", "1-ff00:0:120#0", "1-ff00:0:111#2823") },
    ],
    122,
    222,
    1,
  ],
  [
    [
      { weight: 0, policy: avoid("1-ff00:0:120#0") },
      { weight: 0, policy: avoid("2-ff00:0:210#0") },
    ],
    110,
    220,
    3,
  ],
  [
    [
      { weight: 1, policy: avoid("1-ff00:0:120#0") },
      { weight: 0, policy: avoid("2-ff00:0:210#0") },
    ],
    110,
    220,
    1,
  ],
  [
    [
      { weight: 1, policy: avoid("1-ff00:0:120#0") },
      { weight: 10, policy: avoid("2-ff00:0:210#0") },
    ],
    110,
    220,
    2,
  ],
];

test("options: the best weight that leaves a path, in the order of the paths", (t) => {
  counted(t, (paths) => {
    for (const [options = [], src, dst, left] of OPTIONS) {
      const given = paths(as(src), as(dst));
      const taken = filterPaths({ options }, given);
      t.is(taken.length, left, JSON.stringify(options));
      t.deepEqual(
        taken,
        given.filter((path) => taken.includes(path)),
      );
    }
    t.is(filterPaths({}, paths(as(212), as(211))).length, 2);
  });
});

/** Of remote_isdas_test.go. */
const REMOTE: readonly (readonly [rules: readonly RemoteRule[], left: number])[] = [
  [[], 0],
  [[{ isd_as: "0-0", reject: false }], 6],
  [[{ isd_as: "2-0", reject: false }], 5],
  [[{ isd_as: "0-ff00:0:212", reject: false }], 4],
  [
    [
      { isd_as: "1-0", reject: false },
      { isd_as: "2-ff00:0:220", reject: false },
    ],
    2,
  ],
  [
    [
      { isd_as: "1-0", reject: true },
      { isd_as: "0-0", reject: false },
    ],
    5,
  ],
];

test("remote ASes: the first rule that fits, none refuses", (t) => {
  counted(t, (paths) => {
    const given = [110, 212, 220].flatMap((dst) => paths(as(210), as(dst)));
    for (const [remote_isd_ases, left] of REMOTE) {
      t.is(filterPaths({ remote_isd_ases }, given).length, left, JSON.stringify(remote_isd_ases));
    }
  });
});

test("local ASes are compared exactly; paths within one AS are refused", (t) => {
  counted(t, (paths) => {
    const given = paths(as(212), as(211));
    t.is(filterPaths({ local_isd_ases: [as(211), as(212)] }, given).length, given.length);
    t.is(filterPaths({ local_isd_ases: [as(211)] }, given).length, 0);
    const inside = paths(as(212), as(212));
    t.is(inside.length, 1);
    t.is(filterPaths({ local_isd_ases: [as(212)] }, inside).length, 0);
    t.is(filterPaths({ remote_isd_ases: [{ isd_as: "0-0", reject: false }] }, inside).length, 0);
    t.is(filterPaths({ acl: ["-"] }, inside).length, 1);
  });
});

test("extends (TestExtends): own attributes, then the last listed", (t) => {
  const [one, two, three] = [1011, 1012, 1013].map((ifId) => ({ sequence: `1-ff00:0:133#${ifId} 1-ff00:0:132` }));
  t.deepEqual(extendPolicy({}, [one, two, three] as PathPolicy[]), three as PathPolicy);
  t.deepEqual(extendPolicy(one as PathPolicy, [{ acl: ["+"] }]), { acl: ["+"], ...one });
  t.deepEqual(extendPolicy({ sequence: "" }, [one as PathPolicy]), { sequence: "" });
  const options = [{ weight: 1, policy: allow }];
  t.deepEqual(extendPolicy({ options: [] }, [{ options }]), { options });
});
