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
