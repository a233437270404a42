/** A window that never changes. */
import type { Controller, ControllerState } from "./controller.ts";

const DATAGRAMS = 100;

export const FIXED: Controller = {
  create: ({ datagram, window = DATAGRAMS * datagram }): ControllerState => ({
    kind: "fixed",
    window,
    threshold: Number.MAX_SAFE_INTEGER,
    datagram,
    recoveryStart: -1,
    events: 0,
  }),
  onAcked() {},
  /** Counts the congestion it does not react to. */
  onCongestion(state, sentAt, now) {
    if (sentAt <= state.recoveryStart) return false;
    state.recoveryStart = now;
    state.events++;
    return true;
  },
  onPersistent() {},
  onSpurious() {},
  pacingRate: () => 0,
};
