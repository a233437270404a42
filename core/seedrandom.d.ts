declare module "seedrandom/lib/alea.js" {
  interface AleaState {
    c: number;
    s0: number;
    s1: number;
    s2: number;
  }
  interface Alea {
    (): number;
    state(): AleaState;
  }
  /** `state: true` starts from the seed and allows `state()`; an object restores it. */
  export default function alea(seed: string, options: { state: true | AleaState }): Alea;
}
