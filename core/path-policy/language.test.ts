/** The language itself: texts and back, an independent matcher, and what is said of texts that are none. */
import test from "ava";
import fc from "fast-check";
import { MAX_AS, MAX_IF_ID, MAX_ISD } from "../address.ts";
import { formatAclEntry, parseAclEntry, parseAclLine } from "./acl.ts";
import { accepts, compileSequence } from "./automaton.ts";
import { type Hop, type HopPredicate, matchesHop } from "./hop-predicate.ts";
import { compilePolicy } from "./policy.ts";
import { formatSequence, MAX_NESTING, MAX_SEQUENCE_LENGTH, parseSequence, type Sequence } from "./sequence.ts";

const ifId = fc.integer({ min: 1, max: MAX_IF_ID });
const predicate: fc.Arbitrary<HopPredicate> = fc
  .record({
    isd: fc.integer({ min: 0, max: MAX_ISD }),
    as: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: MAX_AS })),
    ifIds: fc.oneof(
      fc.constant([] as const),
      fc.tuple(ifId),
      fc.tuple(ifId, fc.constant(0)),
      fc.tuple(fc.constant(0), ifId),
      fc.tuple(ifId, ifId),
    ),
  })
  .map((made) => made);

function sequenceOf(hop: fc.Arbitrary<HopPredicate>): fc.Arbitrary<Sequence> {
  return fc.letrec<{ sequence: Sequence }>((tie) => {
    const parts = fc.array(tie("sequence"), { minLength: 2, maxLength: 3 });
    return {
      sequence: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        hop.map((made): Sequence => ({ kind: "hop", predicate: made })),
        parts.map((made): Sequence => ({ kind: "all", parts: made })),
        parts.map((made): Sequence => ({ kind: "either", parts: made })),
        fc
          .tuple(fc.constantFrom("?" as const, "+" as const, "*" as const), tie("sequence"))
          .map(([times, of]): Sequence => ({ kind: "repeat", times, of })),
      ),
    };
  }).sequence;
}

function parsed(text: string): Sequence | null {
  const read = parseSequence(text);
  if (!read.ok) throw new Error(`${text}: ${read.error.message}`);
  return read.value;
}

test("a sequence printed and parsed again is the same", (t) => {
  fc.assert(
    fc.property(sequenceOf(predicate), (sequence) => {
      const text = formatSequence(sequence);
      fc.pre(text.length <= MAX_SEQUENCE_LENGTH);
      t.deepEqual(parsed(text), sequence);
    }),
  );
});

test("an entry printed and parsed again is the same, alone and in a line", (t) => {
  const entry = fc
    .record({ allow: fc.boolean(), predicate })
    .filter(({ predicate: { as, ifIds } }) => as !== 0 || ifIds.length === 0);
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1 }), fc.constantFrom(" ", ",", ", "), (entries, between) => {
      const texts = entries.map(formatAclEntry);
      t.deepEqual(
        texts.map(parseAclEntry),
        entries.map((value) => ({ ok: true as const, value })),
      );
      t.deepEqual(parseAclLine(texts.join(between)), { ok: true, value: entries });
    }),
  );
});

/** Every way of cutting the hops in two, tried one after the other: slow, and plainly right. */
function matches(sequence: Sequence, hops: readonly Hop[]): boolean {
  switch (sequence.kind) {
    case "hop":
      return hops.length === 1 && matchesHop(sequence.predicate, hops[0] as Hop);
    case "either":
      return sequence.parts.some((part) => matches(part, hops));
    case "all": {
      const [first, ...rest] = sequence.parts as [Sequence, ...Sequence[]];
      if (rest.length === 0) return matches(first, hops);
      const cuts = Array.from({ length: hops.length + 1 }, (_, at) => at);
      return cuts.some(
        (cut) => matches(first, hops.slice(0, cut)) && matches({ kind: "all", parts: rest }, hops.slice(cut)),
      );
    }
    default:
      return repeats(sequence, hops);
  }
}

function repeats(sequence: Extract<Sequence, { kind: "repeat" }>, hops: readonly Hop[]): boolean {
  const { times, of } = sequence;
  if (hops.length === 0) return times !== "+" || matches(of, hops);
  if (times === "?") return matches(of, hops);
  const cuts = Array.from({ length: hops.length }, (_, at) => at + 1);
  return cuts.some(
    (cut) =>
      matches(of, hops.slice(0, cut)) && (cut === hops.length || repeats({ ...sequence, times: "+" }, hops.slice(cut))),
  );
}

const few = fc.integer({ min: 0, max: 2 });
const fewPredicate: fc.Arbitrary<HopPredicate> = fc.record({
  isd: few,
  as: few,
  ifIds: fc.constantFrom([], [1], [2], [1, 0], [0, 1], [1, 2]) as fc.Arbitrary<HopPredicate["ifIds"]>,
});
const fewHops: fc.Arbitrary<Hop[]> = fc.array(
  fc.record({ isd: fc.constantFrom(1, 2), as: fc.constantFrom(1, 2), ingress: few, egress: few }),
  { maxLength: 5 },
);

test("the automaton agrees with trying every way", (t) => {
  const answers = { true: 0, false: 0 };
  fc.assert(
    fc.property(sequenceOf(fewPredicate), fewHops, (sequence, hops) => {
      const expected = matches(sequence, hops);
      answers[`${expected}`]++;
      t.is(accepts(compileSequence(sequence), hops), expected, formatSequence(sequence));
    }),
    { numRuns: 2_000 },
  );
  t.true(answers.true > 100 && answers.false > 100, JSON.stringify(answers));
});

test("what makes backtracking matchers explode is a matter of steps here", (t) => {
  const hops = Array.from({ length: 64 }, (): Hop => ({ isd: 1, as: 1, ingress: 1, egress: 1 }));
  for (const text of ["((0+)+)+ 2", "(0|0|0 0)* 2", `${"0? ".repeat(64)}${"0 ".repeat(64)}2`]) {
    t.false(accepts(compileSequence(parsed(text) as Sequence), hops), text);
  }
  const longest = "(".repeat(MAX_NESTING) + "0" + ")*".repeat(MAX_NESTING);
  t.true(accepts(compileSequence(parsed(longest) as Sequence), hops));
});

/** Letters of the language mostly, so that many texts come close to it. */
const nearly = fc.oneof(
  fc.string(),
  fc
    .array(fc.constantFrom(..."0129-#:,+*?|() \tf.é".split(""), "1-ff00:0:110", "#1,2", "+ ", "- "), { maxLength: 30 })
    .map((parts) => parts.join("")),
);

test("no text throws, and every mistake has a column within the text or just behind it", (t) => {
  fc.assert(
    fc.property(nearly, (text) => {
      for (const read of [parseSequence(text), parseAclEntry(text), parseAclLine(text)]) {
        if (read.ok) continue;
        const { column, message } = read.error;
        t.true(column >= 1 && column <= text.length + 1, message);
        t.regex(message, /^column \d+: expected .+, found .+$/s);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("what is read as a sequence reads the same when printed", (t) => {
  fc.assert(
    fc.property(nearly, (text) => {
      const read = parseSequence(text);
      if (read.ok && read.value !== null) t.deepEqual(parsed(formatSequence(read.value)), read.value);
    }),
    { numRuns: 2_000 },
  );
});

const HOP = 'a hop such as 1-ff00:0:110#41, or "("';
const BEHIND = "an operator (? + * |), a space or the end";

const SEQUENCE_MISTAKES: readonly (readonly [text: string, says: string])[] = [
  [" ", `column 2: expected ${HOP}, found the end`],
  ["*", `column 1: expected ${HOP}, found "*"`],
  ["| 1", `column 1: expected ${HOP}, found "|"`],
  ["0 |", `column 4: expected ${HOP}, found the end`],
  ["0 || 1", `column 4: expected ${HOP}, found "|"`],
  ["()", `column 2: expected ${HOP}, found ")"`],
  ["(0 1", `column 5: expected ")" for the "(" in column 1, or ${HOP}, found the end`],
  ["0 (1 | (2 3)", `column 13: expected ")" for the "(" in column 3, or ${HOP}, found the end`],
  ["0) 1", 'column 2: expected a "(" before this ")", found ")"'],
  ["0 ! 1", `column 3: expected ${HOP}, an operator (? + * |) or the end, found "!"`],
  ["ff00:0:110", `column 1: expected ${HOP}, found "ff00:0:110"`],
  ["0 -1", `column 3: expected ${HOP}, an operator (? + * |) or the end, found "-1"`],
  ["65536", 'column 1: expected an ISD number from 0 to 65535, found "65536"'],
  ["01-1", 'column 1: expected an ISD number from 0 to 65535, without leading zeros, found "01-1"'],
  ["1#2", 'column 2: expected "-" and an AS number: interfaces belong to an AS, found "#2"'],
  [
    "0 1-#2",
    'column 5: expected an AS number, decimal up to 4294967295 or three hex groups such as ff00:0:110, found "#2"',
  ],
  [
    "1-ff00:0",
    'column 3: expected an AS number, decimal up to 4294967295 or three hex groups such as ff00:0:110, found "ff00:0"',
  ],
  ["1-2#", "column 5: expected an interface id from 0 to 65535, found the end"],
  ["1-2#x", 'column 5: expected an interface id from 0 to 65535, found "x"'],
  ["1-2#70000", 'column 5: expected an interface id from 0 to 65535, found "70000"'],
  ["1-2#3, 4", "column 7: expected an interface id from 0 to 65535 by which packets leave, found a space"],
  ["1-2#3,4,5", `column 8: expected ${BEHIND}: an AS on a path has at most two interfaces, found ",5"`],
  ["1-2#3#4", `column 6: expected "," and a second interface id, ${BEHIND}, found "#4"`],
  ["1-1-0", `column 4: expected "#" and an interface id, ${BEHIND}, found "-0"`],
  ["1-1#0#", `column 6: expected ${BEHIND}, found "#"`],
  ["1.5", `column 2: expected "-" and an AS number, ${BEHIND}, found ".5"`],
  ["(".repeat(101), `column 101: expected at most 100 parentheses within each other, found "("`],
  ["0 ".repeat(6_000), 'column 10001: expected the end: a sequence has at most 10000 characters, found "0"'],
];

test("mistakes in sequences", (t) => {
  for (const [text, says] of SEQUENCE_MISTAKES) {
    const read = parseSequence(text);
    t.is(read.ok ? "taken" : read.error.message, says, text.slice(0, 40));
  }
});

const ENTRY_MISTAKES: readonly (readonly [text: string, says: string])[] = [
  ["", 'column 1: expected "+" or "-", found the end'],
  ["* 0", 'column 1: expected "+" or "-", found "*"'],
  ["1-ff00:0:110", 'column 1: expected "+" or "-", found "1-ff00:0:110"'],
  ["-1", 'column 2: expected a space behind "-", found "1"'],
  ["+ 0 0", 'column 5: expected the end of the entry, found "0"'],
  ["+ (0)", 'column 3: expected an ISD number from 0 to 65535, found "(0)"'],
  ["- 1+", 'column 4: expected the end of the entry, found "+"'],
  ["- 1-0#1", 'column 7: expected interface 0 behind AS 0: other interfaces belong to one AS, found "1"'],
  ["- 1#1", 'column 4: expected "-" and an AS number: interfaces belong to an AS, found "#1"'],
  ["- 1-2#1,2,3", 'column 10: expected the end of the entry: an AS on a path has at most two interfaces, found ",3"'],
  ["- 1-2-3", 'column 6: expected the end of the entry, or # and an interface id, found "-3"'],
];

test("mistakes in entries", (t) => {
  for (const [text, says] of ENTRY_MISTAKES) {
    const read = parseAclEntry(text);
    t.is(read.ok ? "taken" : read.error.message, says, text);
  }
});

test("a list in one line: entries with blanks or commas between them", (t) => {
  const line = (text: string): string => {
    const read = parseAclLine(text);
    return read.ok ? read.value.map(formatAclEntry).join("; ") : read.error.message;
  };
  t.is(line("- 1-ff00:0:110#0 +"), "- 1-ff00:0:110; +");
  t.is(line(" - 1-2#3,4,+ 5, -"), "- 1-2#3,4; + 5; -");
  t.is(line("- 1-2#3,+"), "- 1-2#3; +");
  t.is(line("+,-"), "+; -");
  t.is(line(""), 'column 1: expected "+" or "-", found the end');
  t.is(line("- 1, 2"), 'column 6: expected "+" or "-", found "2"');
  t.is(line("- 1,, +"), 'column 5: expected "+" or "-", found ","');
});

test("a policy whose texts were never checked is a bug", (t) => {
  t.throws(() => compilePolicy({ sequence: "(" }), { message: /not a path policy: column 2/ });
});
