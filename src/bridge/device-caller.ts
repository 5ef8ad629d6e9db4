import type { EnumValue, Operation, Profile } from '../base/description.ts';
import { errorCode, errorMessage } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import { printable } from '../base/printable.ts';
import { isBareAnswer } from '../mqtt/bare-messages.ts';
import type { DeviceLines } from '../mqtt/device-lines.ts';
import { operationCodec } from '../mqtt/message-codec.ts';
import type { RpcAnswer, RpcCall, RpcClient } from '../mqtt/rpc-client.ts';
import { errorInfoNamespace, RpcError } from '../netconf/rpc-error.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { element } from '../xml/element.ts';
import { operationFailed } from './rpc-errors.ts';

/** What a device answered. */
export interface DeviceAnswer {
  /** Empty where the device's messages have no state. */
  readonly state: string;
  readonly outputs: readonly string[];
}

export interface DeviceCall {
  readonly uuid: DeviceUuid;
  readonly profile: Profile;
  readonly operation: Operation;
  readonly inputs: readonly string[];
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; for a device that takes one message at a time also how long to wait until it is free. */
  readonly timeoutMs: number;
}

/**
 * Calls operations of devices; every failure is the `<rpc-error>` of the table in docs/netconf.md. Devices of the
 * prototype are asked one thing at a time (mup-protocol §3).
 */
export class DeviceCaller {
  readonly #rpc: RpcClient;
  readonly #registry: DeviceRegistry;
  readonly #lines: DeviceLines;

  constructor(rpc: RpcClient, registry: DeviceRegistry, lines: DeviceLines) {
    this.#rpc = rpc;
    this.#registry = registry;
    this.#lines = lines;
  }

  /**
   * One request, one answer (mup-protocol §2).
   * @returns the answer, its state as the operation declares it
   * @throws RpcError app-tags `device-offline`, `device-error`, `device-answer-invalid`, and those of
   *   {@link deviceFailure}
   */
  async call(call: DeviceCall): Promise<DeviceAnswer> {
    const { uuid, operation, profile } = call;
    if (this.#registry.get(uuid)?.presence === 'offline') throw deviceOffline(uuid);
    const answer = await this.#request(call);
    this.#registry.seen(uuid);
    return { state: declaredState(operation, answer.state, profile), outputs: answer.outputs };
  }

  async #request(call: DeviceCall): Promise<RpcAnswer> {
    const { uuid, profile, signal, timeoutMs } = call;
    try {
      if (profile !== 'myno') return await this.#rpc.call(rpcCall(call));
      // Whoever goes away leaves a request behind, whose answer the next one has to wait for.
      const request = { ...call, signal: undefined };
      return await this.#lines.run(uuid, () => this.#rpc.call(rpcCall(request)), {
        signal,
        waitMs: timeoutMs,
      });
    } catch (error) {
      throw deviceFailure(uuid, error);
    }
  }
}

function rpcCall({ uuid, profile, operation, inputs, signal, timeoutMs }: DeviceCall): RpcCall {
  return {
    uuid,
    topic: operation.topic,
    answerTopic: operation.answerTopic,
    method: operation.mqttMethod,
    inputs,
    profile,
    codec: operationCodec(profile, operation, inputs),
    answered: operation.answered,
    qos: operation.qos,
    retain: operation.retain,
    signal,
    timeoutMs,
  };
}

function deviceOffline(uuid: DeviceUuid): RpcError {
  return operationFailed('device-offline', `device ${uuid} is offline`);
}

/**
 * What a client is told of a request or a transfer that failed: an `<rpc-error>` with an app-tag of
 * docs/netconf.md; whatever else was thrown stays as it is.
 */
export function deviceFailure(uuid: DeviceUuid, error: unknown): unknown {
  const message = errorMessage(error);
  switch (errorCode(error)) {
    case 'device-timeout':
      return operationFailed('device-timeout', `device ${uuid} did not answer in time`);
    case 'mqtt-offline':
      return operationFailed('broker-offline', message);
    case 'mqtt-lost':
      return operationFailed('broker-offline', `${message}; the device may have acted all the same`);
    case 'mqtt-refused':
      return operationFailed('broker-refused', message);
    case 'resource-denied':
      return new RpcError('application', 'resource-denied', message, { appTag: 'too-many-requests' });
    case 'bad-value':
      return new RpcError('application', 'invalid-value', message, { appTag: 'value-not-sendable' });
    case 'packet-too-big':
      return new RpcError('application', 'too-big', message, { appTag: 'packet-too-big' });
    case 'bad-response':
      return operationFailed('device-answer-invalid', `the answer of device ${uuid}: ${message}`);
    case 'broker-too-old':
      return operationFailed('broker-too-old', message);
    case 'transfer-stalled':
      return operationFailed('transfer-stalled', message);
    case 'unknown-image':
      return operationFailed('unknown-image', message);
    case 'transfer-cancelled':
    case 'cancelled':
      return operationFailed('cancelled', message);
    default:
      return error;
  }
}

/** Numeric states from 12 on and states that say ERROR are failures; 10 and 11 are not (§3, States). */
export function isErrorState(state: string): boolean {
  const code = /^([0-9]+)(?:[_ ]|$)/.exec(state)?.[1];
  return code === undefined ? /\bERROR\b/i.test(state) : Number(code) >= 12;
}

/** Devices of the prototype answer `OK` where their description declares `10_OK`. */
export function findState({ states }: Operation, answered: string, profile: Profile): EnumValue | undefined {
  const exact = states.find(({ name }) => name === answered);
  if (exact !== undefined || profile !== 'myno') return exact;
  return states.find(({ name }) => name.replace(/^[0-9]+_/, '') === answered);
}

const maxShownLength = 256;

/** The state as the module's type of `retval` has it. @throws RpcError when it is a failure, or none */
function declaredState(operation: Operation, answered: string, profile: Profile): string {
  if (answered === '' && isBareAnswer(profile, operation)) return '';
  const known = findState(operation, answered, profile);
  const state = known?.name ?? answered;
  if (known === undefined && operation.states.length > 0)
    throw operationFailed(
      'device-answer-invalid',
      `the device answered ${JSON.stringify(answered.slice(0, 80))}, which is none of the states of ${operation.name}`,
    );
  if (!isErrorState(state)) return state;
  const text = known?.text === undefined ? '' : `: ${known.text}`;
  // Without declared states it is any text of any length.
  const shown = printable(state.slice(0, maxShownLength));
  throw deviceRefusal(shown, `the device answered ${shown}${text}`);
}

/** The failure that a device's answer means. @param state the state that it names */
export function deviceRefusal(state: string, message: string): RpcError {
  return new RpcError('application', 'operation-failed', message, {
    appTag: 'device-error',
    info: [element(errorInfoNamespace, 'device-state', state)],
  });
}
