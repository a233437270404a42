/** Play, pause, speed, steps, bookmarks and the bar of time. */
import "../style/transport.css";
import type { Frame } from "../../../core/exploration.ts";
import { asProblemError, type RunApp } from "../app-state.ts";
import type { Panel } from "../app.ts";
import { h } from "../dom.ts";
import { makeBookmarkList } from "./bookmark-list.ts";
import { clampSpeed, fittingSpeed, formatBriefly, formatInstant, parseInstant } from "./instants.ts";
import { neighbour } from "./marks.ts";
import { makeTrack } from "./track.ts";

/** What keys and other parts ask of the transport. */
export interface Transport extends Panel {
  toggle(): void;
  step(by: number): void;
  bookmark(by: 1 | -1): void;
}

/** Milliseconds between two things said to screen readers while the run plays, and before one is said of a cursor at rest. */
const SPOKEN_EVERY = 5000;
const REST = 250;

export function mountTransport(root: HTMLElement, app: RunApp): Transport {
  const commands = makeCommands(app);
  const speed = makeSpeed(app, commands);
  const play = h("button", { type: "button", class: "time-play primary", onclick: commands.toggle }, "Play");
  const when = makeWhen(app, commands);
  const list = makeBookmarkList(app);
  const track = makeTrack(app, commands.halt);
  const said = h("p", { class: "unseen", role: "status" });
  const button = (text: string, label: string, key: string, run: () => void): HTMLElement =>
    h("button", { type: "button", "aria-label": label, title: `${label} (${key})`, onclick: run }, text);
  root.append(
    h(
      "div",
      { class: "time-row", role: "group", "aria-label": "Playing" },
      button("⇤", "Bookmark before", "p", () => commands.bookmark(-1)),
      button("◂", "One event back", ",", () => commands.step(-1)),
      play,
      button("▸", "One event forward", ".", () => commands.step(1)),
      button("⇥", "Next bookmark", "n", () => commands.bookmark(1)),
      when.element,
      speed.element,
      list.elements,
    ),
    track.element,
    said,
  );
  listen(app, { play, when, speed, list, track, said });
  return { toggle: commands.toggle, step: commands.step, bookmark: commands.bookmark };
}

interface Parts {
  readonly play: HTMLButtonElement;
  readonly when: ReturnType<typeof makeWhen>;
  readonly speed: ReturnType<typeof makeSpeed>;
  readonly list: ReturnType<typeof makeBookmarkList>;
  readonly track: ReturnType<typeof makeTrack>;
  readonly said: HTMLElement;
}

function listen(app: RunApp, { play, when, speed, list, track, said }: Parts): void {
  const speak = speaker(app, (text) => {
    track.speak(text);
    said.textContent = text;
  });
  app.on("outline", (outline) => {
    if (outline !== null) speed.set(fittingSpeed(outline.duration_ns));
    track.refresh();
    list.refresh();
  });
  app.on("progress", () => {
    track.refresh();
    list.refresh();
    when.refresh();
  });
  app.on("frame", (frame) => {
    const label = frame.playing ? "Pause" : "Play";
    if (play.textContent !== label) play.textContent = label;
    track.show(frame.now);
    when.show(frame);
    speak();
  });
}

/** Says where the cursor is: while it plays now and then, else when it has come to rest. */
function speaker(app: RunApp, say: (text: string) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  return () => {
    const playing = app.frame?.playing === true;
    if (timer !== null) {
      if (playing) return;
      clearTimeout(timer);
    }
    const wait = playing ? SPOKEN_EVERY : REST;
    timer = setTimeout(() => {
      timer = null;
      if (app.frame !== null) say(`${formatBriefly(app.frame.now)}, event ${app.frame.event}`);
    }, wait);
  };
}

interface Commands extends Transport {
  speed: number;
  /** Pauses where it plays. */
  halt(): void;
  replay(): void;
}

function makeCommands(app: RunApp): Commands {
  const complain = (error: unknown): void => {
    if (app.outline !== null) app.complain(asProblemError(error).problem);
  };
  const playing = (): boolean => app.frame?.playing === true;
  const start = async (): Promise<void> => {
    const { outline, frame, progress } = app;
    if (outline === null) return;
    const end = progress?.ended === true ? Math.min(outline.duration_ns, progress.known_ns) : outline.duration_ns;
    if (frame !== null && frame.now >= end) await app.ask("seek", { time: 0 });
    await app.ask("play", { speed: commands.speed });
  };
  const commands: Commands = {
    speed: 1,
    toggle() {
      if (playing()) commands.halt();
      else start().catch(complain);
    },
    halt() {
      if (playing()) app.ask("pause", null).catch(complain);
    },
    replay() {
      if (playing()) app.ask("play", { speed: commands.speed }).catch(complain);
    },
    step(by) {
      if (app.outline === null) return;
      const halted = playing() ? app.ask("pause", null) : Promise.resolve(null);
      halted.then(() => app.ask("step", { by })).catch(complain);
    },
    bookmark(by) {
      const { frame } = app;
      const next = frame === null ? null : neighbour(app.bookmarks, frame.event, by);
      if (next === null) return;
      commands.halt();
      app.seek({ event: next.event });
    },
  };
  return commands;
}

/** Where the cursor is, as text that can be typed over. */
function makeWhen(app: RunApp, commands: Commands) {
  const time = field("time-now", "Time", () => go("s"));
  const event = field("time-event", "Event", () => go("#"));
  const whole = h("span", { class: "muted time-whole" });
  const go = (prefix: "s" | "#"): void => {
    const input = prefix === "s" ? time : event;
    const text = input.value.trim();
    const target = parseInstant(prefix === "#" && /^\d/.test(text) ? `#${text}` : text);
    if (target === null) {
      input.setAttribute("aria-invalid", "true");
      app.complain({
        message: `“${text}” is no instant. Write a time (12.5s, 350ms, 1:30) or an event's number (#1234).`,
        places: [],
      });
      return;
    }
    input.removeAttribute("aria-invalid");
    commands.halt();
    app.seek(target);
    input.blur();
  };
  const show = ({ now, event: number }: Frame): void => {
    if (document.activeElement !== time) time.value = formatInstant(now);
    if (document.activeElement !== event) event.value = `#${number}`;
  };
  const refresh = (): void => {
    const { outline, progress } = app;
    if (outline === null) return;
    const known = progress === null || progress.ended ? "" : ` (known to ${formatBriefly(progress.known_ns)})`;
    whole.textContent = `of ${formatBriefly(outline.duration_ns)}${known}`;
  };
  app.on("outline", refresh);
  return { element: h("span", { class: "time-when-group" }, time, whole, event), show, refresh };
}

function field(name: string, label: string, enter: () => void): HTMLInputElement {
  return h("input", {
    type: "text",
    class: name,
    "aria-label": label,
    title: `${label}: type 12.5s, 350ms, 1:30 or #1234`,
    autocomplete: "off",
    spellcheck: "false",
    onfocus: (event) => event.currentTarget.select(),
    onkeydown: (event) => {
      if (event.key === "Enter") enter();
      if (event.key === "Escape") event.currentTarget.blur();
    },
  });
}

/** Simulated over real time: a slider by orders of magnitude, and a number. */
function makeSpeed(app: RunApp, commands: Commands) {
  const set = (value: number): void => {
    commands.speed = clampSpeed(value);
    slider.value = String(Math.log10(commands.speed));
    number.value = String(Number(commands.speed.toPrecision(3)));
    slider.setAttribute("aria-valuetext", `${number.value} times real time`);
  };
  const change = (value: number): void => {
    set(value);
    commands.replay();
  };
  const slider = h("input", {
    type: "range",
    min: -2,
    max: 2,
    step: 0.05,
    "aria-label": "Speed",
    oninput: (event) => change(Number((10 ** Number(event.currentTarget.value)).toPrecision(2))),
  });
  const number = h("input", {
    type: "number",
    min: 0.01,
    max: 100,
    step: "any",
    "aria-label": "Speed, simulated over real time",
    onchange: (event) => change(event.currentTarget.value === "" ? commands.speed : Number(event.currentTarget.value)),
  });
  set(app.outline === null ? 1 : fittingSpeed(app.outline.duration_ns));
  const element = h("span", { class: "time-speed" }, h("span", { class: "muted" }, "Speed"), slider, number, "×");
  return { element, set };
}
