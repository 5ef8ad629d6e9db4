import type { Check } from '../check.ts';
import { imageChecks } from './image.ts';
import { keyChecks } from './keys.ts';
import { manifestChecks } from './manifest.ts';
import { manifestFormChecks } from './manifest-form.ts';
import { registrationChecks } from './registration.ts';
import { rpcChecks } from './rpc.ts';
import { signedChecks } from './signed.ts';
import { sliceChecks } from './slices.ts';
import { tokenChecks } from './token.ts';
import { updateChecks } from './update.ts';
import { vendorKeyChecks } from './vendor-key.ts';

/** Every check, in the order in which they are made: those that install images come last. */
export const allChecks: readonly Check[] = [
  ...registrationChecks,
  ...signedChecks,
  ...rpcChecks,
  ...tokenChecks,
  ...manifestChecks,
  ...manifestFormChecks,
  ...sliceChecks,
  ...imageChecks,
  ...keyChecks,
  ...vendorKeyChecks,
  ...updateChecks,
];
