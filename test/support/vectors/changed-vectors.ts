import fc from 'fast-check';
import { descriptionVectors } from './description-vectors.ts';
import { descriptionVerdict } from './description-verdict.ts';
import { endorsementVectors } from './endorsement-vectors.ts';
import { imageVectors } from './image-vectors.ts';
import { manifestVectors } from './manifest-vectors.ts';
import { sliceChainVectors } from './slice-chain-vectors.ts';
import { tokenVectors } from './token-vectors.ts';
import {
  endorsementVerdict,
  imageVerdict,
  manifestVerdict,
  sliceChainVerdict,
  tokenVerdict,
} from './verdicts.ts';

type Vector = Readonly<Record<string, string | number | boolean>>;

/** What stands in messages, and what may not: no `%`, whose escapes are of the layer below. */
const characters = fc.constantFrom(...'0123456789abcdefABCDEFGgz;+-._ /');

/** Values at the edges of what a field may be. */
const edges = fc.constantFrom(
  ...['', '0', '00', '1', '01', '2', '+2', '-1', '1e3', '131072', '131073', '4294967295', '4294967296'],
  ...[
    '99999999999',
    'APP',
    'app',
    'A'.repeat(32),
    'A'.repeat(33),
    'a/b',
    '-a',
    'a'.repeat(64),
    'a'.repeat(65),
  ],
  ...['0'.repeat(32), '0'.repeat(64), 'f'.repeat(64), '0'.repeat(128), 'f'.repeat(128), 'F'.repeat(128)],
);

interface Change {
  /** Where, as a share of the text. */
  readonly at: number;
  readonly removed: number;
  readonly put: string;
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.nat(2),
  put: fc.oneof({ arbitrary: characters, weight: 3 }, { arbitrary: fc.constant(''), weight: 1 }),
});

/** A text with some characters changed, put in or left out. */
function changedText(text: string, changes: readonly Change[]): string {
  return changes.reduce((before, { at, removed, put }) => {
    const place = Math.floor(at * before.length);
    return before.slice(0, place) + put + before.slice(place + removed);
  }, text);
}

/** A message with a field replaced by an edge, or with characters changed. */
function changedFields(text: string): fc.Arbitrary<string> {
  const fields = text.split(';');
  const replaced = fc
    .tuple(fc.nat(fields.length - 1), edges)
    .map(([at, edge]) => fields.map((field, i) => (i === at ? edge : field)).join(';'));
  const edited = fc.array(change, { maxLength: 3 }).map((changes) => changedText(text, changes));
  return fc.oneof(replaced, edited);
}

const manifestHead = '4f2a;SEND-EXTENDED-MANIFEST;';
const uint32 = fc.oneof(fc.nat(3), fc.constantFrom(100_719, 131_072, 0xffff_ffff));

const manifest: fc.Arbitrary<Vector> = fc.constantFrom(...manifestVectors).chain((vector) => {
  const { state: _, nextState: __, name: ___, ...known } = vector;
  const body = changedFields(known.message.slice(manifestHead.length));
  return fc
    .record({ body, version: uint32, slotBytes: uint32, keeps: fc.boolean(), slotFree: fc.boolean() })
    .map(({ body: text, keeps, ...others }) => {
      const facts = keeps ? known : { ...known, ...others };
      const changed = { ...facts, message: manifestHead + text };
      return { ...changed, ...manifestVerdict({ name: '', ...changed }) };
    });
});

const endorsement: fc.Arbitrary<Vector> = fc.constantFrom(...endorsementVectors).chain((vector) => {
  const { decision: _, epochAfter: __, name: ___, ...known } = vector;
  const facts = fc.record({ keptEpoch: uint32, trustFirstKey: fc.boolean() });
  return fc.tuple(changedFields(known.message), facts, fc.boolean()).map(([message, others, keeps]) => {
    const changed = keeps ? { ...known, message } : { ...known, ...others, message };
    return { ...changed, ...endorsementVerdict({ name: '', ...changed }) };
  });
});

const token: fc.Arbitrary<Vector> = fc.constantFrom(...tokenVectors).chain((vector) => {
  const { valid: _, name: ___, ...known } = vector;
  const texts = [known.uuid, known.nonce, known.version].map((text) =>
    fc.oneof(
      fc.constant(text),
      edges,
      fc.array(change, { maxLength: 2 }).map((all) => changedText(text, all)),
    ),
  );
  return fc.tuple(...texts).map(([uuid = '', nonce = '', version = '']) => {
    const changed = { ...known, uuid, nonce, version };
    return { ...changed, ...tokenVerdict({ name: '', ...changed }) };
  });
});

/** Slices in any order, some cut, some lengthened, some moved. */
const image: fc.Arbitrary<Vector> = fc.constantFrom(...imageVectors).chain((vector) => {
  const { acknowledgements: _, state: __, name: ___, ...known } = vector;
  return fc.tuple(changedSlices(known.slices), fc.nat(30)).map(([slices, size]) => {
    const changed = { ...known, size: size === 0 ? known.size : size, slices };
    return { ...changed, ...imageVerdict(changed) };
  });
});

/** The same of slices that are authenticated, some with a character changed. */
const sliceChain: fc.Arbitrary<Vector> = fc.constantFrom(...sliceChainVectors).chain((vector) => {
  const { acknowledgements: _, state: __, name: ___, ...known } = vector;
  const digits = fc.constantFrom(...'0123456789abcdef');
  return fc
    .tuple(changedSlices(known.slices), fc.double({ min: 0, max: 1, noNaN: true }), fc.option(digits))
    .map(([slices, at, digit]) => {
      const place = Math.floor(at * slices.length);
      const flips = digit !== null && /[0-9a-f]/.test(slices.charAt(place));
      const changed = {
        ...known,
        slices: flips ? slices.slice(0, place) + digit + slices.slice(place + 1) : slices,
      };
      return { ...changed, ...sliceChainVerdict(changed) };
    });
});

function changedSlices(text: string): fc.Arbitrary<string> {
  const slices = text === '' ? [''] : text.split(' ');
  const octet = fc.nat(255).map((value) => value.toString(16).padStart(2, '0'));
  const one = fc
    .record({
      slice: fc.constantFrom(...slices),
      cut: fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, { arbitrary: fc.nat(12), weight: 1 }),
      more: fc.oneof({ arbitrary: fc.constant(''), weight: 3 }, { arbitrary: octet, weight: 1 }),
    })
    .map(({ slice, cut, more }) => slice.slice(0, Math.max(0, slice.length - 2 * cut)) + more)
    .filter((slice) => slice !== '');
  return fc
    .oneof(fc.constant(slices.filter((slice) => slice !== '')), fc.array(one, { maxLength: 24 }))
    .map((all) => all.join(' '));
}

const signedDescription: fc.Arbitrary<Vector> = fc.constantFrom(...descriptionVectors).chain((vector) => {
  const { verdict: _, speaker: __, name: ___, ...known } = vector;
  const text = Buffer.from(known.message, 'hex').toString('latin1');
  const facts = fc.record({ signerCounter: uint32, accepted: fc.boolean() });
  return fc.tuple(changedFields(text), facts, fc.boolean()).map(([changed, others, keeps]) => {
    const message = Buffer.from(changed, 'latin1').toString('hex');
    const all = keeps ? { ...known, message } : { ...known, ...others, message };
    return { ...all, ...descriptionVerdict({ name: '', ...all }) };
  });
});

/** Vectors with something changed, and what our own code says of them then, by the name of their file. */
export const changedVectors: Readonly<Record<string, fc.Arbitrary<Vector>>> = {
  'manifests.json': manifest,
  'endorsements.json': endorsement,
  'tokens.json': token,
  'images.json': image,
  'slice-chains.json': sliceChain,
  'descriptions.json': signedDescription,
};
