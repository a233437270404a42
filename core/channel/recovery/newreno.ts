/** NewReno (RFC 9002, section 7 and appendix B), growing by bytes, with the undoing that RFC 9002 leaves out. */
import { collapseWindow, createNewReno, growWindow, reduceWindow } from "../../transport/newreno.ts";
import { type Controller, type ControllerState, initialWindow } from "./controller.ts";
import { createReduction, noteReduction, type Reduction, undoReduction } from "./reduction.ts";

export interface NewRenoState extends ControllerState {
  readonly before: Reduction;
}

export const NEWRENO: Controller<NewRenoState> = {
  create: (options) => ({
    kind: "newreno",
    ...createNewReno(options.datagram),
    window: initialWindow(options),
    before: createReduction(),
  }),
  onAcked: (state, bytes, sentAt, _now, _rtt, limited) => growWindow(state, bytes, sentAt, limited),
  onCongestion(state, sentAt, now) {
    if (sentAt <= state.recoveryStart) return false;
    noteReduction(state.before, state);
    return reduceWindow(state, sentAt, now);
  },
  onPersistent(state) {
    collapseWindow(state);
    state.before.window = 0;
  },
  onSpurious: (state) => void undoReduction(state.before, state),
  pacingRate: () => 0,
};
