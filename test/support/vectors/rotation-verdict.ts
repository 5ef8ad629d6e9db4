import { utf8 } from '../../../src/base/bytes.ts';
import { decideVendorKey, vendorKeyOf } from '../../../src/device/vendor-key.ts';
import { decodeRequest } from '../../../src/mqtt/rpc-codec.ts';
import { allSuites } from '../../../src/mup/adapters/noble-curves.ts';
import { publicKeyFromHex } from '../../../src/mup/signature-scheme.ts';
import { suiteCodes } from '../../../src/mup/suites.ts';
import { description } from '../../device/bench-device.ts';
import type { RotationVector } from './rotation-vectors.ts';
import { endorsementVerdict } from './verdicts.ts';

type Verdict = Pick<RotationVector, 'state' | 'vendorKeyAfter' | 'counterAfter' | 'decision'>;

/** What our own code says of a vector: the members of it that are verdicts. */
export function rotationVerdict(vector: Omit<RotationVector, keyof Verdict>): Verdict {
  const { message, counter, answer, keptKey, keptEpoch } = vector;
  const operation = description.operations.find(({ role }) => role === 'vendor-key');
  if (operation === undefined) throw new Error('the device of the tests takes no vendor key');
  const statement = vendorKeyOf(operation, decodeRequest(utf8(message), 'mup').inputs);
  const vendorKey = publicKeyFromHex(vector.vendorKey);
  const state = decideVendorKey(statement, { vendorKey, counter, suites: suiteCodes, scheme: allSuites });
  const taken = state === '10_OK';
  const after = {
    vendorKeyAfter: taken ? (message.split(';')[2] ?? '') : vector.vendorKey,
    counterAfter: taken ? (statement?.counter ?? 0) : counter,
  };
  const kept = { keptKey, keptEpoch: taken ? 0 : keptEpoch };
  const offered = {
    name: '',
    ...kept,
    vendorKey: after.vendorKeyAfter,
    trustFirstKey: false,
    message: answer,
  };
  return { state, ...after, decision: answer === '' ? '' : endorsementVerdict(offered).decision };
}
