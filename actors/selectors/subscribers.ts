/** Who is told which paths a selector has, which of them it thinks usable, and which it would take. */
import type { ActorIndex, ControlEvent, Env } from "../../core/env.ts";
import type { PathInfo } from "../../core/path.ts";
import type { PathMeasurement } from "./policy.ts";

/** Subscriber to selector: tell me now and whenever it changes. */
export interface PathsSubscribe extends ControlEvent {
  readonly type: "paths.subscribe";
  readonly subscriber: ActorIndex;
}

/** Subscriber to selector: it is over. */
export interface PathsUnsubscribe extends ControlEvent {
  readonly type: "paths.unsubscribe";
  readonly subscriber: ActorIndex;
}

/** Selector to subscriber. */
export interface PathsCandidates extends ControlEvent {
  readonly type: "paths.candidates";
  readonly paths: readonly PathInfo[];
  /** Bytes of all headers on each path. */
  readonly headers: readonly number[];
  readonly usable: readonly boolean[];
  /** Position of the selector's choice, -1: none. */
  readonly choice: number;
  /** The policy gives each packet its path: packets go to the selector without one. */
  readonly eachPacket: boolean;
  /** The policy looks at what is measured: `paths.observed` is welcome. */
  readonly observes: boolean;
}

/** Selector to subscriber: a router takes packets over this path only up to so many bytes after all headers. */
export interface PathsTooBig extends ControlEvent {
  readonly type: "paths.too-big";
  readonly fingerprint: string;
  readonly payload: number;
}

/** What a subscriber's packets told of a path, while they went about their business: nobody has to probe. */
export interface PathObserved extends PathMeasurement {
  readonly fingerprint: string;
}

/** Subscriber to selector, now and then. */
export interface PathsObserved extends ControlEvent {
  readonly type: "paths.observed";
  readonly paths: readonly PathObserved[];
}

/** Subscribers of one selector at most. */
const MOST_SUBSCRIBERS = 65_536;

export function addSubscriber(subscribers: ActorIndex[], one: ActorIndex): void {
  if (subscribers.length < MOST_SUBSCRIBERS && !subscribers.includes(one)) subscribers.push(one);
}

export function removeSubscriber(subscribers: ActorIndex[], one: ActorIndex): void {
  const at = subscribers.indexOf(one);
  if (at >= 0) subscribers.splice(at, 1);
}

export function tellSubscribers(
  subscribers: readonly ActorIndex[],
  news: PathsCandidates | PathsTooBig,
  env: Env,
): void {
  for (const subscriber of subscribers) env.send(subscriber, news, 0);
}
