/** Ids of actors where there is little room: without the common beginning of the AS numbers that are for documentation (ff00:0:0/32), which examples use. */
export function shortActor(id: string): string {
  return id.replaceAll("-ff00:0:", "-");
}
