import type { Operation, Profile } from '../base/description.ts';
import { errorCode, errorMessage } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { RpcClient } from '../mqtt/rpc-client.ts';
import { errorInfoNamespace, RpcError } from '../netconf/rpc-error.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { element } from '../xml/element.ts';
import { operationFailed } from './rpc-errors.ts';

/** What a device answered. */
export interface DeviceAnswer {
  readonly state: string;
  readonly outputs: readonly string[];
}

export interface DeviceCall {
  readonly uuid: DeviceUuid;
  readonly profile: Profile;
  readonly operation: Operation;
  readonly inputs: readonly string[];
  readonly signal?: AbortSignal;
  /** Milliseconds; the configured one unless given. */
  readonly timeoutMs?: number;
}

/** Calls operations of devices; every failure is the `<rpc-error>` of the table in docs/netconf.md. */
export class DeviceCaller {
  readonly #rpc: RpcClient;
  readonly #registry: DeviceRegistry;

  constructor(rpc: RpcClient, registry: DeviceRegistry) {
    this.#rpc = rpc;
    this.#registry = registry;
  }

  /**
   * One request, one answer (mup-protocol §2).
   * @throws RpcError app-tags `device-offline`, `device-timeout`, `device-error`,
   *   `device-answer-invalid`, `broker-offline`, `too-many-requests`
   */
  async call(call: DeviceCall): Promise<DeviceAnswer> {
    const { uuid, operation } = call;
    if (this.#registry.get(uuid)?.presence === 'offline') throw deviceOffline(uuid);
    const answer = await this.#request(call);
    checkState(operation, answer.state);
    return answer;
  }

  async #request({ uuid, profile, operation, inputs, signal, timeoutMs }: DeviceCall): Promise<DeviceAnswer> {
    try {
      return await this.#rpc.call({
        uuid,
        topic: operation.topic,
        answerTopic: operation.answerTopic,
        method: operation.mqttMethod,
        inputs,
        profile,
        ...(signal === undefined ? {} : { signal }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      });
    } catch (error) {
      throw requestError(uuid, error);
    }
  }
}

function deviceOffline(uuid: DeviceUuid): RpcError {
  return operationFailed('device-offline', `device ${uuid} is offline`);
}

function requestError(uuid: DeviceUuid, error: unknown): unknown {
  switch (errorCode(error)) {
    case 'device-timeout':
      return operationFailed('device-timeout', `device ${uuid} did not answer in time`);
    case 'mqtt-offline':
    case 'mqtt-lost':
      return operationFailed(
        'broker-offline',
        `the connection to the MQTT broker is down: ${errorMessage(error)}`,
      );
    case 'resource-denied':
      return new RpcError('application', 'resource-denied', errorMessage(error), {
        appTag: 'too-many-requests',
      });
    case 'bad-answer':
      return operationFailed(
        'device-answer-invalid',
        `device ${uuid} answered what its description does not allow`,
      );
    default:
      return error;
  }
}

/** Numeric states from 12 on and states that say ERROR are failures; 10 and 11 are not (§3, States). */
export function isErrorState(state: string): boolean {
  const code = /^([0-9]+)(?:[_ ]|$)/.exec(state)?.[1];
  return code === undefined ? /\bERROR\b/i.test(state) : Number(code) >= 12;
}

function checkState(operation: Operation, state: string): void {
  const known = operation.states.find(({ name }) => name === state);
  if (known === undefined && operation.states.length > 0)
    throw operationFailed(
      'device-answer-invalid',
      `the device answered ${JSON.stringify(state.slice(0, 80))}, which is none of the states of ${operation.name}`,
    );
  if (!isErrorState(state)) return;
  const text = known?.text === undefined ? '' : `: ${known.text}`;
  throw new RpcError('application', 'operation-failed', `the device answered ${state}${text}`, {
    appTag: 'device-error',
    info: [element(errorInfoNamespace, 'device-state', state)],
  });
}
