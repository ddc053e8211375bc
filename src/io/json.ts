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
  const value = JSON.parse(text) as Json;
  // Most texts have no number of this kind, and need not be gone through.
  return text.includes('"$number"') ? withNumbers(value) : value;
}

/** A list or object whose parts are still to be looked at. */
type Container = Json[] | Record<string, Json>;

function numberOf(item: Json): number | null {
  const number = isJsonObject(item) && Object.hasOwn(item, '$number') ? item.$number : undefined;
  return typeof number === 'string' ? Number(number) : null;
}

/** Puts numbers in their places; without recursion, as the nesting is the file's. */
function withNumbers(value: Json): Json {
  const root = numberOf(value);
  if (root !== null) return root;
  const left: Container[] = [];
  const visit = (item: Json): void => {
    if (typeof item === 'object' && item !== null) left.push(item as Container);
  };
  visit(value);
  for (let container = left.pop(); container !== undefined; container = left.pop()) {
    for (const [key, item] of Object.entries(container)) {
      const number = numberOf(item);
      if (number === null) visit(item);
      else Object.defineProperty(container, key, { value: number });
    }
  }
  return value;
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
