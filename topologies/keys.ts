/** Reads the master keys of ASes: hex, or base64 as SCION keeps it in `keys/master0.key`, in the scenario or in files. */
import type { IA } from "../core/address.ts";
import type { Scenario } from "../core/scenario.ts";
import type { KeysDocument } from "./scenario/keys.ts";
import { shown } from "./problems.ts";
import type { Section } from "./section.ts";

type Keys = NonNullable<Scenario["keys"]>;

const EXPECTED = "16 bytes as 32 hex digits or as base64 (the text of SCION's master0.key), in quotes";
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** `known`: the ASes of the network; null where it has problems of its own. */
export function readKeys(document: KeysDocument, section: Section, known: ReadonlySet<IA> | null): Keys {
  if ("folder" in document && typeof document.folder === "string") {
    return readFolder(document.folder, section.at("folder"), known ?? new Set());
  }
  const keys = new Map<IA, string>();
  for (const [name, value] of Object.entries(document)) {
    const place = section.at(name);
    const ia = place.ofKey().ia(name);
    if (ia === undefined) continue;
    if (known !== null && !known.has(ia)) place.ofKey().unknownAs(ia, known);
    if (keys.has(ia)) {
      place.ofKey().problem({ message: `AS ${ia} has two keys here`, expected: "one key each", found: shown(name) });
    }
    const key = typeof value === "string" ? readKey(value, place) : readKeyFile(value.file, place.at("file"), ia);
    if (key !== undefined) keys.set(ia, key);
  }
  return Object.fromEntries(keys);
}

/** The folder that SCION's generator makes: `ASff00_0_110/keys/master0.key` for AS 1-ff00:0:110. The first problem ends it. */
function readFolder(folder: string, section: Section, known: ReadonlySet<IA>): Keys {
  const keys = new Map<IA, string>();
  for (const ia of known) {
    const name = ia.slice(ia.indexOf("-") + 1).replaceAll(":", "_");
    const key = readKeyFile(`${folder.replace(/\/+$/, "")}/AS${name}/keys/master0.key`, section, ia);
    if (key === undefined) return {};
    keys.set(ia, key);
  }
  return Object.fromEntries(keys);
}

function readKeyFile(path: string, section: Section, ia: IA): string | undefined {
  const text = section.file.readFile(path);
  if (!text.ok) {
    const message = `cannot read ${path}, the master key of AS ${ia}: ${text.error}`;
    return section.problem({ message, expected: "a key file", found: path });
  }
  const key = keyOf(text.value.trim());
  if (key !== undefined) return key;
  // What a key file holds is nobody's to print.
  const message = `${path} holds no master key: expected ${EXPECTED.replace(", in quotes", "")}`;
  return section.problem({ message, expected: "a master key", found: "another text" });
}

function readKey(text: string, section: Section): string | undefined {
  return keyOf(text) ?? section.mismatch(EXPECTED, text);
}

/** As 32 hex digits. */
function keyOf(text: string): string | undefined {
  if (/^[0-9a-f]{32}$/i.test(text)) return text.toLowerCase();
  // 22 letters of 6 bits are 128 and 4 more, which are zero.
  if (!/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(text)) return undefined;
  const bits = Array.from(text.slice(0, 22), (letter) => BASE64.indexOf(letter).toString(2).padStart(6, "0")).join("");
  return Array.from({ length: 32 }, (_, at) => Number.parseInt(bits.slice(4 * at, 4 * at + 4), 2).toString(16)).join(
    "",
  );
}
