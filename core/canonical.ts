/** One text for one value: what digests, run names and comparisons of resolved scenarios are made of. */

/**
 * JSON without spaces, keys sorted by UTF-16 code unit, properties without a value left out. Two values have the same
 * text exactly when they hold the same data. A value that JSON cannot hold is a bug of the caller and throws.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`canonicalJson: ${value} has no JSON form`);
      return JSON.stringify(value);
    case "object":
      return value === null ? "null" : canonicalObject(value);
    default:
      throw new TypeError(`canonicalJson: a ${typeof value} has no JSON form`);
  }
}

function canonicalObject(value: object): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError("canonicalJson: only plain objects and arrays have a JSON form");
  }
  const properties = Object.entries(value)
    .filter(([, property]) => property !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, property]) => `${JSON.stringify(key)}:${canonicalJson(property)}`);
  return `{${properties.join(",")}}`;
}
