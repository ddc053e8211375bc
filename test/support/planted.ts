const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Faults that a parser may have, for the test of the test: each must be seen. */
export const PLANTED: Readonly<Record<string, (text: string) => unknown>> = {
  'what is left is copied after each item': (text) => {
    let rest = text.split(',');
    while (rest.length > 0) rest = rest.slice(1);
  },
  'each item is looked for from the start': (text) => {
    let found = 0;
    for (let i = 0; i < text.length; i++) for (let j = 0; j < i; j++) found += j;
    return found;
  },
  'all so far is joined again for each': (text) => {
    let all: Uint8Array = new Uint8Array(0);
    for (const item of text) all = Buffer.concat([all, bytesOf(item)]);
    return all;
  },
  'what is left is decoded for each': (text) => {
    const bytes = bytesOf(text);
    for (let at = 0; at < bytes.length; at++) new TextDecoder().decode(bytes.subarray(at));
  },
  'an end that is not there is looked for': (text) => {
    for (let at = 0; at < text.length; at++) text.indexOf('"', at);
  },
};
