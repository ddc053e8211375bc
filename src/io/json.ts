/** What checkpoints hold in addition to tensors: plain values, with NaN and the infinities. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json };

/** An object of {@link Json}. */
export type JsonObject = Readonly<Record<string, Json>>;

/**
 * Plain data as JSON that keeps every number, also those that JSON has no words for: NaN, the infinities, and −0.
 */
export function stringifyExact(value: object): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item !== 'number' || (Number.isFinite(item) && !Object.is(item, -0))) return item;
    return { $number: Object.is(item, -0) ? '-0' : String(item) };
  });
}

/**
 * The value behind {@link stringifyExact}'s text.
 * @throws SyntaxError if it is no JSON
 */
export function parseExact(text: string): Json {
  const revive = (_: string, item: Json): Json => {
    if (!isJsonObject(item)) return item;
    const number = item.$number;
    return typeof number === 'string' ? Number(number) : item;
  };
  return JSON.parse(text, revive) as Json;
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
