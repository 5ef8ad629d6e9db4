import { decodeUtf8Lossy } from '../base/bytes.ts';
import type { FieldRole, Operation } from '../base/description.ts';
import { errorMessage } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import { leaves } from '../base/leaves.ts';
import { printable } from '../base/printable.ts';
import { abortImage, finishImage } from '../mup/image-requests.ts';
import type { DeviceToken, ExtendedManifest } from '../mup/manifest.ts';
import { parseUint32 } from '../mup/manifest-fields.ts';
import { manifestValues } from '../mup/manifest-values.ts';
import { deviceStateOf } from '../mup/states.ts';
import { parseToken } from '../mup/token.ts';
import { type VendorKeyStatement, vendorKeyValues } from '../mup/vendor-key.ts';
import { CheckFailure } from './check.ts';
import type { Dialect, Verdict } from './dialect.ts';
import type { Inbox } from './inbox.ts';
import type { KitLimits } from './limits.ts';
import type { MupSlices } from './mup-slices.ts';
import type { Requests } from './requests.ts';

export interface MupDialectOptions {
  readonly uuid: DeviceUuid;
  readonly requests: Requests;
  readonly slices: MupSlices;
  /** Of `mup/status/<uuid>`. */
  readonly presence: Inbox;
  readonly limits: KitLimits;
}

/** The messages of an update in the profile `mup` (mup-protocol §3). */
export class MupDialect implements Dialect {
  readonly #options: MupDialectOptions;

  constructor(options: MupDialectOptions) {
    this.#options = options;
  }

  get sliceBytes(): number {
    return this.#options.slices.maxBytes;
  }

  async token(): Promise<DeviceToken> {
    const { requests, limits, uuid } = this.#options;
    const operation = requests.operation('token');
    const { response } = await requests.ask(operation, [], limits.timeoutMs);
    const values = new Map(leaves(operation.outputs).map(({ role }, i) => [role, response.outputs[i] ?? '']));
    const text = (role: FieldRole): string => values.get(role) ?? '';
    try {
      return parseToken(
        { uuid: values.get('deviceUuid') ?? uuid, nonce: text('nonce'), version: text('firmwareVersion') },
        'mup',
      );
    } catch (error) {
      throw new CheckFailure('a token: state, UUID, nonce, version', errorMessage(error));
    }
  }

  offer(manifest: ExtendedManifest): Promise<Verdict> {
    const values = manifestValues(manifest);
    const operation = this.#options.requests.operation('manifest');
    const inputs = leaves(operation.inputs).map(({ role, default: usual = '' }) =>
      role === undefined ? usual : (values[role] ?? ''),
    );
    return this.offerTexts(inputs);
  }

  /** A manifest whose fields are what the caller says, in wire order. */
  offerTexts(inputs: readonly string[]): Promise<Verdict> {
    const { requests, limits } = this.#options;
    return this.#verdict(requests.operation('manifest'), inputs, limits.manifestDeadlineMs);
  }

  async send(image: Uint8Array, from = 0, to = image.length): Promise<void> {
    const { slices } = this.#options;
    for (let at = from; at < to; at += slices.maxBytes)
      await slices.advance(image, at, Math.min(image.length, at + slices.maxBytes));
  }

  finish(): Promise<Verdict> {
    const { requests, limits } = this.#options;
    return this.#verdict(requests.operation('firmware'), [finishImage], limits.verifyDeadlineMs);
  }

  /** One that does not know ABORT frees its slot after a FIN that comes too early. */
  async drop(): Promise<void> {
    const { state } = await this.abort();
    if (!['10_OK', '11_NOOP'].includes(deviceStateOf(state) ?? '')) await this.finish();
    this.#options.slices.forget();
  }

  /** Gives the transfer up. @throws CheckFailure when no answer comes */
  abort(): Promise<Verdict> {
    const { requests, limits } = this.#options;
    return this.#verdict(requests.operation('firmware'), [abortImage], limits.timeoutMs);
  }

  /**
   * Hands the device its vendor's next key (ADR 27). @param changes values that are other than the statement's
   * @throws CheckSkipped when the device describes no operation for it
   */
  rollOver(
    statement: VendorKeyStatement,
    changes: Partial<Record<FieldRole, string>> = {},
  ): Promise<Verdict> {
    const { requests, limits } = this.#options;
    const operation = requests.operation('vendor-key');
    const values = { ...vendorKeyValues(statement), ...changes };
    const inputs = leaves(operation.inputs).map(({ role }) => (role && values[role]) ?? '');
    return this.#verdict(operation, inputs, limits.manifestDeadlineMs);
  }

  async restarted(): Promise<number> {
    const { presence, limits } = this.#options;
    const version = await presence.take(({ payload, retain }) => {
      const [, said] = /^online;([0-9]+)(?:;|$)/.exec(decodeUtf8Lossy(payload)) ?? [];
      return retain || said === undefined ? undefined : (parseUint32(said) ?? Number.NaN);
    }, limits.restartDeadlineMs);
    if (version === undefined)
      throw new CheckFailure('presence `online` after the restart', `none in ${limits.restartDeadlineMs} ms`);
    return version;
  }

  async #verdict(operation: Operation, inputs: readonly string[], timeoutMs: number): Promise<Verdict> {
    const { response } = await this.#options.requests.ask(operation, inputs, timeoutMs);
    return {
      accepted: deviceStateOf(response.state) === '10_OK',
      state: printable(response.state.slice(0, 80)),
    };
  }
}
