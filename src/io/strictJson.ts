/** What {@link parseStrictJson} returns: objects are Maps, so that no key can reach a prototype. */
export type StrictJson = string | number | boolean | null | StrictJson[] | Map<string, StrictJson>;

/** Deeper nesting than this is refused: headers are flat, and a hostile one must not overflow the stack. */
const MAX_DEPTH = 32;

const SPACES = ' \t\n\r';
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Parses JSON as JSON.parse does, but refuses what it lets pass and what two readers may understand in two ways:
 * a key given twice, and text that is not well-formed Unicode.
 *
 * @throws SyntaxError that says what is wrong and where
 */
export function parseStrictJson(text: string): StrictJson {
  const parser = new Parser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

/** True if text has no half of a surrogate pair, so that UTF-8 can hold it. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): StrictJson {
    if (depth > MAX_DEPTH) throw this.#fault(`nested deeper than ${MAX_DEPTH} levels`);
    this.#skipSpace();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default: {
        NUMBER.lastIndex = this.#at;
        const digits = NUMBER.exec(this.#text)?.[0];
        if (!digits) throw this.#unexpected('a value');
        this.#at += digits.length;
        return Number(digits);
      }
    }
  }

  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#unexpected('the end');
  }

  #object(depth: number): Map<string, StrictJson> {
    const object = new Map<string, StrictJson>();
    this.#at++;
    if (this.#takes('}')) return object;
    do {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') throw this.#unexpected('a key');
      const key = this.#string();
      if (object.has(key)) throw this.#fault(`key ${JSON.stringify(key)} is given twice`);
      if (!this.#takes(':')) throw this.#unexpected("':'");
      object.set(key, this.value(depth + 1));
    } while (this.#takes(','));
    if (!this.#takes('}')) throw this.#unexpected("',' or '}'");
    return object;
  }

  #array(depth: number): StrictJson[] {
    const array: StrictJson[] = [];
    this.#at++;
    if (this.#takes(']')) return array;
    do {
      array.push(this.value(depth + 1));
    } while (this.#takes(','));
    if (!this.#takes(']')) throw this.#unexpected("',' or ']'");
    return array;
  }

  #string(): string {
    const start = this.#at++;
    while (this.#at < this.#text.length && this.#text[this.#at] !== '"') {
      this.#at += this.#text[this.#at] === '\\' ? 2 : 1;
    }
    if (this.#at >= this.#text.length) throw this.#fault('a string without end');
    this.#at++;
    // Escapes and forbidden control characters are JSON.parse's to judge.
    const text: unknown = JSON.parse(this.#text.slice(start, this.#at));
    if (typeof text !== 'string' || !isWellFormed(text)) {
      throw this.#fault('a string that is not Unicode text');
    }
    return text;
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected('a value');
    this.#at += word.length;
    return value;
  }

  #takes(sign: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    while (SPACES.includes(this.#text[this.#at] ?? '.')) this.#at++;
  }

  #unexpected(wanted: string): SyntaxError {
    const found = this.#text[this.#at];
    const what = found === undefined ? 'the end' : JSON.stringify(found);
    return this.#fault(`expected ${wanted}, found ${what}`);
  }

  #fault(message: string): SyntaxError {
    return new SyntaxError(`${message} (at character ${this.#at})`);
  }
}
