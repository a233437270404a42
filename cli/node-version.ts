/** The oldest Node that runs Pathloom, `engines` of package.json. */
const OLDEST = [22, 20] as const;

/** Ends the process with a clear message on a Node that is too old, before something else fails there. */
export function refuseOldNode(): void {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split(".").map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  console.error(
    `error: Pathloom needs Node ${OLDEST.join(".")} or newer, found ${node}; in a checkout, npx pathloom brings its own`,
  );
  process.exit(2);
}
