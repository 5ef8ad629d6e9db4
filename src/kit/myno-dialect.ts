import type { Clock } from '../base/clock.ts';
import { deferred } from '../base/deferred.ts';
import type { DeviceDescription, Operation } from '../base/description.ts';
import { errorMessage } from '../base/errors.ts';
import { printable } from '../base/printable.ts';
import { deafens } from '../mqtt/deaf-lengths.ts';
import type { MqttTransport } from '../mqtt/transport.ts';
import type { DeviceToken, ExtendedManifest } from '../mup/manifest.ts';
import { mynoImageVerified, mynoManifestAccepted, mynoManifestParts } from '../mup/myno-manifest.ts';
import { decodeMynoAcknowledgement, encodeMynoSlice, mynoSliceSize } from '../mup/myno-slices.ts';
import { parseToken } from '../mup/token.ts';
import { CheckFailure, CheckSkipped } from './check.ts';
import type { Dialect, Verdict } from './dialect.ts';
import type { Inbox } from './inbox.ts';
import type { KitLimits } from './limits.ts';
import type { RegistrationDesk } from './registration-desk.ts';
import type { Requests } from './requests.ts';

export interface MynoDialectOptions {
  readonly description: DeviceDescription;
  readonly requests: Requests;
  readonly transport: MqttTransport;
  /** Of the topic on which slices are acknowledged. */
  readonly acknowledgements: Inbox;
  readonly desk: RegistrationDesk;
  readonly clock: Clock;
  readonly limits: KitLimits;
}

/** The messages of an update of the prototype's device (mup-protocol §3, “The prototype's device”), one at a time. */
export class MynoDialect implements Dialect {
  readonly #options: MynoDialectOptions;
  /** Resolves at the first description after the last FIN. */
  #described: Promise<unknown> = Promise.resolve();

  constructor(options: MynoDialectOptions) {
    this.#options = options;
  }

  get sliceBytes(): number {
    return this.#options.limits.sliceSizeBytes;
  }

  async token(): Promise<DeviceToken> {
    const { requests, limits, description } = this.#options;
    const { response } = await requests.ask(requests.operation('token'), [], limits.timeoutMs);
    const [nonce = '', version = ''] = response.outputs.flatMap((value) => value.split(','));
    try {
      return parseToken({ uuid: description.uuid, nonce, version }, 'myno');
    } catch (error) {
      throw new CheckFailure('a token: nonce and version', errorMessage(error));
    }
  }

  /** The device says `OK` to each part, also to the last one when it refuses the manifest. */
  async offer(manifest: ExtendedManifest): Promise<Verdict> {
    const parts = mynoManifestParts(manifest);
    for (const part of parts.slice(0, -1)) await this.part(part);
    const state = await this.part(parts.at(-1) ?? '');
    return { accepted: state === mynoManifestAccepted, state };
  }

  /** One part of a manifest. @returns the answer */
  part(text: string): Promise<string> {
    const { requests, limits } = this.#options;
    return this.#ask(requests.operation('manifest'), text, limits.manifestDeadlineMs);
  }

  async send(image: Uint8Array, from = 0, to = image.length): Promise<void> {
    const size = this.#sliceSize(image.length);
    for (let n = Math.ceil(from / size); n * size < to; n += 1)
      await this.sendSlice(n, image.subarray(n * size, (n + 1) * size));
  }

  /** One slice, sent once: a second time would make some devices deaf. @throws CheckFailure without acknowledgement */
  async sendSlice(n: number, bytes: Uint8Array): Promise<void> {
    const { transport, requests, acknowledgements, limits } = this.#options;
    const { inputTopic } = requests.operation('firmware');
    if (inputTopic === undefined) throw new CheckSkipped('the device names no topic for slices');
    acknowledgements.clear();
    await transport.publish(inputTopic, encodeMynoSlice(n, bytes), { qos: 0 });
    const acknowledged = await acknowledgements.take(
      ({ payload }) => (decodeMynoAcknowledgement(payload) === n ? true : undefined),
      limits.maxTimeoutMs,
    );
    if (acknowledged === undefined)
      throw new CheckFailure(`the acknowledgement ${n},OK`, `none in ${limits.maxTimeoutMs} ms`);
  }

  async finish(): Promise<Verdict> {
    const { requests, limits, desk } = this.#options;
    this.#described = desk.next();
    const state = await this.#ask(requests.operation('firmware'), 'FIN', limits.verifyDeadlineMs);
    return { accepted: state === mynoImageVerified, state };
  }

  /** All that the device knows: a FIN ahead of its time clears what it has hashed. */
  async drop(): Promise<void> {
    await this.finish();
  }

  async restarted(): Promise<number> {
    const { clock, limits } = this.#options;
    const late = deferred<'late'>();
    const cancel = clock.schedule(limits.restartDeadlineMs, () => late.resolve('late'));
    const seen = await Promise.race([this.#described, late.promise]).finally(cancel);
    if (seen === 'late')
      throw new CheckFailure('a description after the restart', `none in ${limits.restartDeadlineMs} ms`);
    return (await this.token()).version;
  }

  #sliceSize(imageBytes: number): number {
    const { requests } = this.#options;
    const topic = requests.operation('firmware').inputTopic ?? '';
    return mynoSliceSize(imageBytes, this.sliceBytes, (bytes) => !deafens(topic, bytes)) ?? 1;
  }

  async #ask(operation: Operation, input: string, timeoutMs: number): Promise<string> {
    const { response } = await this.#options.requests.ask(operation, [input], timeoutMs);
    return printable(response.state.slice(0, 80));
  }
}
