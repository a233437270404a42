/** Tables as RFC 4180 CSV: a header row, fields quoted where they must be, numbers as JSON prints them, nothing for null. */

export type CsvValue = string | number | boolean | null | undefined;

/** A whole file. */
export function csvText(rows: readonly (readonly CsvValue[])[]): string {
  return rows.map((row) => `${row.map(csvField).join(",")}\r\n`).join("");
}

/** One field, quoted where it must be. */
export function csvField(value: CsvValue): string {
  if (value === null || value === undefined) return "";
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A table of records whose values may themselves be records: `latency_ms: {p50}` becomes the column `latency_p50_ms`. Lists are
 * left out. Columns stand in the order in which they first occur.
 */
export function csvOfRecords(records: readonly object[]): string {
  const flat = records.map((record) => new Map(flatten("", record)));
  const columns = [...new Set(flat.flatMap((row) => [...row.keys()]))];
  return csvText([columns, ...flat.map((row) => columns.map((column) => row.get(column)))]);
}

/** What comes last in a name when it is a unit. */
const UNIT = /_(ms|s|ns|us|bps|bytes|packets)$/;

function flatten(prefix: string, record: object): [string, CsvValue][] {
  return Object.entries(record).flatMap(([key, value]: [string, unknown]): [string, CsvValue][] => {
    const name = columnName(prefix, key);
    if (Array.isArray(value)) return [];
    if (typeof value === "object" && value !== null) return flatten(name, value);
    return [[name, value as CsvValue]];
  });
}

function columnName(prefix: string, key: string): string {
  if (prefix === "") return key;
  const unit = UNIT.exec(prefix)?.[0] ?? "";
  return `${prefix.slice(0, prefix.length - unit.length)}_${key}${unit}`;
}
