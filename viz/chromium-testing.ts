/** A real Chromium for tests and for the documentation's pictures: where it lies, and how it is started. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Where Chromium lies on Debian, Ubuntu and macOS; `PATHLOOM_CHROMIUM` names another. */
const PLACES = [
  process.env["PATHLOOM_CHROMIUM"] ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
/** Nothing that asks the network by itself, nothing that needs a screen. */
const FLAGS =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";

/** null: there is none. */
export const executable = PLACES.find((place) => place !== "" && existsSync(place)) ?? null;

/** How to have it. */
export const ADVICE = "apt-get install --no-install-recommends chromium, or name one in PATHLOOM_CHROMIUM";

/** One browser for all tests of a file; close it after them. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: executable ?? "", headless: true, args: FLAGS.split(" ") });
}
