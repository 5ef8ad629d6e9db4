import type { DeviceDescription, Operation } from '../base/description.ts';
import { errorMessage } from '../base/errors.ts';
import type { DeviceToken } from '../mup/manifest.ts';
import { parseToken } from '../mup/token.ts';
import type { DeviceAnswer } from './device-caller.ts';
import { operationFailed } from './rpc-errors.ts';
import { valuesByRole } from './update-fields.ts';

/**
 * The token in a device's answer (mup-protocol §3, steps 1–2).
 * @throws RpcError `device-answer-invalid` when it is none, or another device's
 */
export function tokenOf(
  description: DeviceDescription,
  operation: Operation,
  answer: DeviceAnswer,
): DeviceToken {
  const values = valuesByRole(operation.outputs, answer.outputs);
  const texts = {
    uuid: values.get('deviceUuid') ?? description.uuid,
    nonce: values.get('nonce') ?? '',
    version: values.get('firmwareVersion') ?? '',
  };
  try {
    const token = parseToken(texts, description.profile);
    if (token.uuid === description.uuid) return token;
  } catch (error) {
    throw operationFailed('device-answer-invalid', errorMessage(error));
  }
  throw operationFailed('device-answer-invalid', 'the device answered a token of another device');
}
