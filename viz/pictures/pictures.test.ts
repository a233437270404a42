/** The documentation's pictures: those that are taken, those that lie there and those that are shown are the same, and small. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync, inflateSync } from "node:zlib";
import test from "ava";
import { PICTURES } from "./list.ts";
import { shrinkPng } from "./png.ts";

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = join(ROOT, "docs/explorer");
const MOST_BYTES = 250_000;
const MOST_ALTOGETHER = 1_200_000;

const taken = PICTURES.map(({ name }) => `${name}.png`).sort();

/** Pictures that a page shows, of those in `docs/explorer`. */
function shownIn(page: string): string[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  return [...text.matchAll(/!\[[^\]]+\]\((?:docs\/)?explorer\/([\w-]+\.png)\)/g)].map(([, name = ""]) => name);
}

test("every picture that is taken lies there, and no other", (t) => {
  t.deepEqual(readdirSync(FOLDER).sort(), taken);
});

test("docs/explorer.md shows every picture once, with a text, and the README one of them", (t) => {
  t.deepEqual(shownIn("docs/explorer.md").sort(), taken);
  t.deepEqual(shownIn("README.md"), ["page.png"]);
});

test("each is a PNG of the size that its window says, none is large", (t) => {
  let sum = 0;
  for (const { name, window } of PICTURES) {
    const file = readFileSync(join(FOLDER, `${name}.png`));
    t.is(file.toString("latin1", 1, 4), "PNG", name);
    t.true(file.readUInt32BE(16) <= 1.5 * window.width, name);
    t.true(file.readUInt32BE(20) <= 1.5 * window.height, name);
    t.true(file.length < MOST_BYTES, `${name}: ${file.length} bytes`);
    sum += file.length;
  }
  t.true(sum < MOST_ALTOGETHER, `${sum} bytes altogether`);
});

test("the examples that pictures show exist", (t) => {
  for (const { name, fragment } of PICTURES) {
    const example = new URLSearchParams(fragment.slice(1)).get("e");
    t.true(existsSync(join(ROOT, `examples/${example}.yaml`)), `${name}: ${example}`);
  }
});

/** One chunk; the check sum is not looked at. */
function chunk(name: string, data: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, Buffer.from(name, "latin1"), data, Buffer.alloc(4)]);
}

function bytesOf(file: Uint8Array, name: string): Buffer {
  const all = Buffer.from(file);
  const at = all.indexOf(name, 0, "latin1");
  return all.subarray(at + 4, at + 4 + all.readUInt32BE(at - 4));
}

test("a picture of few colours is the same with a palette, whatever filters its rows had", (t) => {
  const [red, grey, blue] = [
    [200, 10, 20],
    [90, 91, 92],
    [1, 2, 250],
  ] as const;
  const picture = [
    [red, grey, grey],
    [blue, red, red],
    [blue, grey, blue],
    [red, red, blue],
    [grey, blue, red],
  ];
  // Filters by section 9 of the specification, one each, applied by hand: none, sub, up, average, Paeth.
  const plain = picture.map((row) => row.flat());
  const at = (y: number, x: number): number => (x < 0 ? 0 : (plain[y]?.[x] ?? 0));
  const guess = [
    () => 0,
    (y: number, x: number) => at(y, x - 3),
    (y: number, x: number) => at(y - 1, x),
    (y: number, x: number) => Math.floor((at(y, x - 3) + at(y - 1, x)) / 2),
    (y: number, x: number) => {
      const [a, b, c] = [at(y, x - 3), at(y - 1, x), at(y - 1, x - 3)];
      const p = a + b - c;
      const near = Math.min(Math.abs(p - a), Math.abs(p - b), Math.abs(p - c));
      return near === Math.abs(p - a) ? a : near === Math.abs(p - b) ? b : c;
    },
  ];
  const rows = plain.flatMap((row, y) => [y, ...row.map((value, x) => (value - (guess[y]?.(y, x) ?? 0)) & 255)]);
  const header = Buffer.from([0, 0, 0, 3, 0, 0, 0, 5, 8, 2, 0, 0, 0]);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const file = Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.from(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
  const small = shrinkPng(file);
  t.deepEqual([...bytesOf(small, "IHDR")], [0, 0, 0, 3, 0, 0, 0, 5, 8, 3, 0, 0, 0]);
  const palette = [...bytesOf(small, "PLTE")];
  const indices = inflateSync(bytesOf(small, "IDAT"));
  const back = picture.map((row, y) =>
    row.map((_, x) => {
      const index = indices[y * 4 + 1 + x] ?? 0;
      return palette.slice(3 * index, 3 * index + 3);
    }),
  );
  t.deepEqual(
    back,
    picture.map((row) => row.map((colour) => [...colour])),
  );
  t.throws(() => shrinkPng(Buffer.from("GIF89a: no PNG")), { message: /no PNG/ });
});
