import { describe, expect, test } from '@jest/globals';
import { endorsementVectors } from '../support/vectors/endorsement-vectors.ts';
import { imageVectors } from '../support/vectors/image-vectors.ts';
import { manifestVectors } from '../support/vectors/manifest-vectors.ts';
import { rotationVectors } from '../support/vectors/rotation-vectors.ts';
import { rotationVerdict } from '../support/vectors/rotation-verdict.ts';
import { sliceChainVectors } from '../support/vectors/slice-chain-vectors.ts';
import {
  endorsementVerdict,
  imageVerdict,
  manifestVerdict,
  sliceChainVerdict,
} from '../support/vectors/verdicts.ts';

describe('the device agent agrees with the vectors of fixtures/mup', () => {
  test.each(manifestVectors)('manifest: $name: $state', ({ state, nextState, ...vector }) => {
    expect(manifestVerdict(vector)).toEqual({ state, nextState });
  });

  test.each(endorsementVectors)('key: $name: $decision', ({ decision, epochAfter, ...vector }) => {
    expect(endorsementVerdict(vector)).toEqual({ decision, epochAfter });
  });

  test.each(rotationVectors)('vendor key: $name: $state', (vector) => {
    const { state, vendorKeyAfter, counterAfter, decision, ...given } = vector;
    expect(rotationVerdict(given)).toEqual({ state, vendorKeyAfter, counterAfter, decision });
  });

  test.each(sliceChainVectors)('slices: $name: $state', ({ acknowledgements, state, ...vector }) => {
    expect(sliceChainVerdict(vector)).toEqual({ acknowledgements, state });
  });

  test.each(imageVectors)('image: $name: $state', ({ acknowledgements, state, ...vector }) => {
    expect(imageVerdict(vector)).toEqual({ acknowledgements, state });
  });
});
