import type { End, EndSpec } from "./channel-live-end.ts";
export async function quicReceiver(_spec: EndSpec): Promise<End> { throw new Error("later"); }
export async function quicSender(_spec: EndSpec): Promise<End> { throw new Error("later"); }
