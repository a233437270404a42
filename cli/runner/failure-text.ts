/** Message and stack of anything thrown. Apart from cli/errors.ts, so that workers need not load Effect. */
export function textOf(thrown: unknown): { readonly message: string; readonly stack?: string } {
  if (!(thrown instanceof Error)) return { message: String(thrown) };
  return thrown.stack === undefined ? { message: thrown.message } : { message: thrown.message, stack: thrown.stack };
}
