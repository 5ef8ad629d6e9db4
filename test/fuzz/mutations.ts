import fc from 'fast-check';
import type { Target } from './target.ts';

/** One change of an input. Places are parts of its length, in 65,536ths, so that they fit whatever it has become. */
interface Mutation {
  readonly kind: (typeof kinds)[number];
  readonly at: number;
  readonly to: number;
  readonly value: number;
  readonly count: number;
  readonly word: Uint8Array;
  readonly other: Uint8Array;
}

const kinds = [
  'flip',
  'octet',
  'drop',
  'cut',
  'double',
  'repeat',
  'insert',
  'number',
  'splice',
  'swap',
  'nest',
  'json',
] as const;

/** What breaks decoders of any kind. */
const troublesome: readonly Uint8Array[] = [
  ...['0', '-1', '00', '1e999', '-0', '9007199254740993', '4294967295', '4294967296', '18446744073709551616'],
  ...['9'.repeat(400), '0x10', '1.', 'NaN', 'Infinity', '٣', '１'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', 'null', 'true', '{}', '[]', '""'],
  ...['\0', '\n', '\r\n', '\t', '\u2028', '\u202e', '\ufeff', '\u00a0', '\u0085', '\u{1f600}', 'e\u0301'],
  ...[
    '%',
    '%%',
    '%s',
    '%00',
    '%3B',
    '\\',
    '\\u0000',
    '\\ud800',
    '"',
    "'",
    '&',
    '<',
    '>',
    ';',
    ',',
    '/',
    '#',
    '+',
    '$',
  ],
]
  .map((text): Uint8Array => Buffer.from(text, 'utf8'))
  .concat(
    // UTF-8 that is none: cut off, overlong, a surrogate, beyond Unicode (RFC 3629 §3), and integers of 32 bits.
    ...['c3', '80', 'c080', 'eda080', 'f4908080', 'fffe', '00000000', '7fffffff', 'ffffffff', '80000000'].map(
      (hex) => Buffer.from(hex, 'hex'),
    ),
  );

/** Digits; where a number of an input stands. */
const digits = /[0-9]+/g;

function applied(input: Uint8Array, mutation: Mutation, maxBytes: number): Uint8Array {
  const { value, count, word, other } = mutation;
  const [from, to] = [place(mutation.at, input.length), place(mutation.to, input.length)].sort(
    (a, b) => a - b,
  );
  const begin = from ?? 0;
  const end = to ?? 0;
  const [head, middle, tail] = [input.subarray(0, begin), input.subarray(begin, end), input.subarray(end)];
  switch (mutation.kind) {
    case 'flip':
      return changed(input, begin, (input[begin] ?? 0) ^ (1 << (value & 7)));
    case 'octet':
      return changed(input, begin, value);
    case 'drop':
      return joined(head, tail);
    case 'cut':
      return head;
    case 'double':
      return joined(head, middle, middle, tail);
    case 'repeat':
      return joined(
        head,
        ...times(word.length === 0 ? middle : word, count, maxBytes),
        input.subarray(begin),
      );
    case 'insert':
      return joined(head, word, input.subarray(begin));
    case 'number':
      return withNumber(input, begin, word);
    case 'splice':
      return joined(head, other.subarray(place(mutation.to, other.length)));
    case 'swap':
      return joined(tail, middle, head);
    case 'json':
      return withJson(input, mutation);
    case 'nest':
      return joined(
        ...times(head.subarray(-64), count, maxBytes / 3),
        middle,
        ...times(tail.subarray(0, 64), count, maxBytes / 3),
      );
  }
}

/** A document of JSON in which one value, found by its place, has become another. */
function withJson(input: Uint8Array, { at, to, value, word, other }: Mutation): Uint8Array {
  const [document, donor] = [parsed(input), parsed(other)];
  if (document === undefined) return input;
  const places = placesIn(document);
  const target = places[place(at, places.length - 1)];
  if (target === undefined) return input;
  const { holder, key } = target;
  const donors = donor === undefined ? places : placesIn(donor);
  const given = donors[place(to, donors.length - 1)];
  const text = Buffer.from(word).toString('utf8');
  const values = [
    // A copy: a value within itself is no JSON.
    structuredClone(given?.holder[given.key]),
    text,
    Number(text),
    null,
    [holder[key], holder[key]],
    { [text]: holder[key] },
  ];
  if (value % 8 === 7) delete holder[key];
  else if (value % 8 === 6) holder[text] = holder[key];
  else holder[key] = values[value % 8];
  return Buffer.from(JSON.stringify(document), 'utf8');
}

type Holder = Record<string, unknown>;

function parsed(input: Uint8Array): Holder | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(input).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Holder) : undefined;
  } catch {
    return undefined;
  }
}

interface Place {
  readonly holder: Holder;
  readonly key: string;
}

function placesIn(holder: Holder): Place[] {
  return Object.entries(holder).flatMap(([key, value]) => [
    { holder, key },
    ...(typeof value === 'object' && value !== null ? placesIn(value as Holder) : []),
  ]);
}

function place(part: number, length: number): number {
  return Math.floor((part * (length + 1)) / 65_536);
}

function changed(input: Uint8Array, at: number, octet: number): Uint8Array {
  const copy = input.slice();
  if (at < copy.length) copy[at] = octet;
  return copy;
}

/** The next number behind a place becomes another word. */
function withNumber(input: Uint8Array, at: number, word: Uint8Array): Uint8Array {
  digits.lastIndex = at;
  const found = digits.exec(Buffer.from(input).toString('latin1'));
  if (found === null) return input;
  return joined(input.subarray(0, found.index), word, input.subarray(found.index + found[0].length));
}

function times(part: Uint8Array, count: number, maxBytes: number): Uint8Array[] {
  const most = Math.floor(maxBytes / Math.max(1, part.length));
  return Array.from({ length: Math.min(count, most) }, () => part);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/**
 * Inputs of a target: plain octets, and its seeds after some mutations each.
 * @param seeds those of the target, and what is in its corpus
 */
export function inputs(target: Target, seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const maxBytes = target.maxBytes ?? 16_384;
  const known = seeds.length === 0 ? [new Uint8Array()] : seeds;
  const words = [
    ...(target.words ?? []).map((text): Uint8Array => Buffer.from(text, 'utf8')),
    ...troublesome,
  ];
  const seed = fc.constantFrom(...known);
  const part = fc.nat(65_535);
  const mutation: fc.Arbitrary<Mutation> = fc.record({
    kind: fc.constantFrom(...kinds),
    at: part,
    to: part,
    value: fc.nat(255),
    count: fc.oneof({ weight: 9, arbitrary: fc.nat(8) }, fc.constantFrom(33, 65, 257, 1025, 5000)),
    word: fc.constantFrom(...words),
    other: seed,
  });
  const mutated = fc
    .tuple(seed, fc.array(mutation, { maxLength: 8 }))
    .map(([first, mutations]) =>
      mutations.reduce((input, one) => applied(input, one, maxBytes).subarray(0, maxBytes), first),
    );
  const made = fc
    .array(fc.constantFrom(...words), { maxLength: 24 })
    .map((parts) => joined(...parts).subarray(0, maxBytes));
  return fc.oneof(
    { weight: 8, arbitrary: mutated },
    { weight: 1, arbitrary: made },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  );
}
