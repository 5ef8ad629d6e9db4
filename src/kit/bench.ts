import type { Clock } from '../base/clock.ts';
import type { DeviceDescription } from '../base/description.ts';
import type { MqttTransport } from '../mqtt/transport.ts';
import type { DeviceToken, ExtendedManifest } from '../mup/manifest.ts';
import type { PrivateKey } from '../mup/signature-scheme.ts';
import { type DeviceStateName, deviceStateOf } from '../mup/states.ts';
import { CheckFailure, CheckSkipped, expectThat, type TestedProfile } from './check.ts';
import type { Dialect, Verdict } from './dialect.ts';
import type { ImageSupply, KitImage } from './images.ts';
import type { Inbox } from './inbox.ts';
import type { KitLimits } from './limits.ts';
import type { MupDialect } from './mup-dialect.ts';
import type { MupSlices } from './mup-slices.ts';
import type { MynoDialect } from './myno-dialect.ts';
import type { Reconnection } from './reconnection.ts';
import type { RegistrationDesk } from './registration-desk.ts';
import type { Requests } from './requests.ts';
import type { ManifestChanges, Signer } from './signer.ts';

/** What only devices of profile `mup` have. */
export interface MupBench {
  readonly dialect: MupDialect;
  readonly slices: MupSlices;
}

export interface BenchOptions {
  readonly profile: TestedProfile;
  readonly description: DeviceDescription;
  readonly transport: MqttTransport;
  readonly signer: Signer;
  readonly images: ImageSupply;
  readonly requests: Requests;
  /** Of `mup/status/<uuid>`. */
  readonly presence: Inbox;
  readonly desk: RegistrationDesk;
  readonly reconnection: Reconnection;
  readonly clock: Clock;
  readonly limits: KitLimits;
  /** Octets of an image of some slices, the last of which is shorter. */
  readonly imageBytes: number;
  readonly mup?: MupBench;
  readonly myno?: MynoDialect;
}

/** A transfer that the device has agreed to. */
export interface Begun {
  readonly image: Uint8Array;
  readonly manifest: ExtendedManifest;
}

/** An update that has come to its end. */
export interface Installed {
  readonly before: DeviceToken;
  readonly image: KitImage;
  readonly manifest: ExtendedManifest;
  /** Version that the device reported when it was back. */
  readonly reported: number;
}

/** A device on the bench: all that a check does with it. */
export class Bench {
  readonly options: BenchOptions;
  /** Every nonce that the device has handed out. */
  readonly nonces: string[] = [];
  #installed: Promise<Installed> | undefined;
  #highest = 0;

  constructor(options: BenchOptions) {
    this.options = options;
  }

  get signer(): Signer {
    return this.options.signer;
  }

  get dialect(): Dialect {
    const { mup, myno } = this.options;
    const dialect = mup?.dialect ?? myno;
    if (dialect === undefined) throw new CheckSkipped('the device takes no updates');
    return dialect;
  }

  /** @throws CheckSkipped for a device of another profile */
  get mup(): MupBench {
    if (this.options.mup === undefined) throw new CheckSkipped('the device is not of profile mup');
    return this.options.mup;
  }

  /** @throws CheckSkipped for a device of another profile */
  get myno(): MynoDialect {
    if (this.options.myno === undefined) throw new CheckSkipped('the device is not of profile myno');
    return this.options.myno;
  }

  /** Octets of an image that is never installed. */
  get imageBytes(): number {
    return this.options.imageBytes;
  }

  /** Steps 1 and 2. */
  async token(): Promise<DeviceToken> {
    const token = await this.dialect.token();
    this.nonces.push(token.nonce);
    return token;
  }

  /** A version that is newer than all that the device was given. */
  newer({ version }: DeviceToken): number {
    return Math.max(version, this.#highest) + 1;
  }

  /** A manifest for this device and token; valid but for the changes. */
  manifest(token: DeviceToken, changes: ManifestChanges = {}, by?: PrivateKey): ExtendedManifest {
    const image = this.signer.image(this.imageBytes);
    return this.extended(image, this.newer(token), token, changes, by);
  }

  /** The manifest of an image for a device and its token. */
  extended(
    image: Uint8Array,
    newVersion: number,
    token: DeviceToken,
    changes: ManifestChanges = {},
    by?: PrivateKey,
  ): ExtendedManifest {
    const vendors = this.signer.manifestOf(image, newVersion, changes);
    return this.signer.extend({ ...vendors, ...this.signer.slicesOf(image) }, token, by);
  }

  /**
   * An image that is not the announced one. @throws CheckFailure unless the device refuses it at the end or, where slices
   * are authenticated, leaves the first slice of it
   */
  async refusesImage(other: Uint8Array): Promise<void> {
    const slices = this.options.mup?.slices;
    // As the manifest of the other image announces it, where there is one: a device that goes by that one would take it.
    if (slices?.cuts.authenticated === true)
      return slices.expectAfter(slices.cuts.payload(other, 0, slices.maxBytes), 0);
    await this.dialect.send(other);
    this.expectRefused(await this.dialect.finish(), '28_IMAGE-INVALID');
  }

  /**
   * Steps 1 to 4, of an image that is never completed. @throws CheckFailure unless the device agrees; CheckSkipped where an
   * image that is longer than usual does not fit into its slot
   */
  async begin(octets = this.imageBytes): Promise<Begun> {
    const token = await this.token();
    const image = this.signer.image(octets);
    const manifest = this.extended(image, this.newer(token), token);
    const { accepted, state } = await this.dialect.offer(manifest);
    if (octets > this.imageBytes && deviceStateOf(state) === '27_IMAGE-TOO-BIG')
      throw new CheckSkipped(`an image of ${octets} octets does not fit into the device's slot`);
    expectThat(accepted, 'that a valid manifest is accepted', state);
    return { image, manifest };
  }

  /** @throws CheckFailure unless a manifest or an image was refused with this state; `myno` knows but one refusal */
  expectRefused({ accepted, state }: Verdict, expected: DeviceStateName): void {
    const holds = this.options.profile === 'mup' ? deviceStateOf(state) === expected : !accepted;
    expectThat(holds, this.options.profile === 'mup' ? expected : 'that it is refused', state);
  }

  /**
   * A manifest that was accepted before comes again, as it was: by itself, and after somebody has asked for a token, which
   * anybody may. @throws CheckFailure unless it is refused both times
   */
  async refusesReplay(manifest: ExtendedManifest): Promise<void> {
    this.expectRefused(await this.dialect.offer(manifest), '22_INVALID-NONCE');
    await this.token();
    this.expectRefused(await this.dialect.offer(manifest), '22_INVALID-NONCE');
  }

  /** Whether the device takes manifests of an update server with this key: it then misses the vendor's signature. */
  async trusts(serverKey: PrivateKey): Promise<boolean> {
    const manifest = this.manifest(await this.token(), { vendorKey: this.signer.stranger }, serverKey);
    const { accepted, state } = await this.dialect.offer(manifest);
    const code = deviceStateOf(state);
    // One that takes it without the vendor's word is found by the check of that, and not here.
    if (accepted) await this.restore();
    if (accepted || code === '24_INNER-SIGN-INVALID') return true;
    expectThat(
      code === '23_OUTER-SIGN-INVALID',
      '23 or 24 to a manifest that the vendor has not signed',
      state,
    );
    return false;
  }

  /** The whole update, to the version that the device reports after it. @param halfway done amid the slices */
  async install(halfway?: () => Promise<void>): Promise<Installed> {
    const before = await this.token();
    const image = this.options.images.newerThan(this.newer(before) - 1);
    if (image === undefined)
      throw new CheckSkipped(
        `no image is newer than version ${this.newer(before) - 1}: give one more with --image`,
      );
    const manifest = this.signer.extend({ ...image.manifest, ...this.signer.slicesOf(image.bytes) }, before);
    const offered = await this.dialect.offer(manifest);
    expectThat(offered.accepted, 'that the manifest of the image is accepted', offered.state);
    const slices = Math.ceil(image.bytes.length / this.dialect.sliceBytes);
    const half = halfway === undefined ? 0 : this.dialect.sliceBytes * Math.floor(slices / 2);
    await this.dialect.send(image.bytes, 0, half);
    await halfway?.();
    await this.dialect.send(image.bytes, half);
    this.options.presence.clear();
    const verified = await this.dialect.finish();
    expectThat(verified.accepted, 'that the device holds the image for the signed one', verified.state);
    this.#highest = image.manifest.newVersion;
    return { before, image, manifest, reported: await this.dialect.restarted() };
  }

  /** The first whole update, made once for all checks that look at it. */
  update(): Promise<Installed> {
    this.#installed ??= this.install();
    return this.#installed;
  }

  /** As {@link update}. @throws CheckSkipped when it did not succeed: what follows from it cannot be tried */
  async updated(): Promise<Installed> {
    try {
      return await this.update();
    } catch (error) {
      if (error instanceof CheckFailure) throw new CheckSkipped(`no update was possible: ${error.message}`);
      throw error;
    }
  }

  /** Whatever a check has left: the device holds no image after this. */
  async restore(): Promise<void> {
    await this.dialect.drop();
  }
}
