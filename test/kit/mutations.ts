import { startSha256 } from '../../src/base/adapters/node-runtime.ts';
import { decodeUtf8, utf8 } from '../../src/base/bytes.ts';
import type { DeviceDescription } from '../../src/base/description.ts';
import type { Digest } from '../../src/base/ids.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { Firmware } from '../../src/device/firmware.ts';
import type { DeviceAgentOptions, DeviceDeps } from '../../src/device/options.ts';
import { UpdateReceiver } from '../../src/device/update-receiver.ts';
import type { MqttMessage, MqttTransport } from '../../src/mqtt/transport.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import type { ExtendedManifest } from '../../src/mup/manifest.ts';
import { decodeSlice, encodeSlice } from '../../src/mup/slices.ts';
import { BenchDevice, countingRandom, description, topics } from '../device/bench-device.ts';

/** Our own agent, broken in one place until the test has ended. */
export class Mutations {
  readonly #mends: (() => void)[] = [];
  #device: BenchDevice | undefined;
  #drawn: Uint8Array | undefined;

  /** A device of the bench with other parts than usual. */
  device(
    changes: Partial<Omit<DeviceDeps, 'clock'>> = {},
    wrap?: (inner: MqttTransport) => MqttTransport,
    described: DeviceDescription = description,
  ): BenchDevice {
    const clock = (): BenchDevice['clock'] => (this.#device ?? new BenchDevice()).clock;
    const random = countingRandom();
    const options: Partial<DeviceAgentOptions> = {
      description: described,
      deps: {
        clock: {
          now: () => clock().now(),
          monotonic: () => clock().monotonic(),
          schedule: (delayMs, task) => clock().schedule(delayMs, task),
        },
        random: (length) => this.#take() ?? random(length),
        logger: silentLogger,
        scheme: es256,
        startSha256,
        ...changes,
      },
    };
    this.#device = new BenchDevice({ ...options, ...(wrap && { wrap }) });
    return this.#device;
  }

  /** Puts another method in the place of one of the receiver's. */
  replace<Name extends 'receiveManifest' | 'receiveSlice' | 'receiveFin' | 'receiveAbort'>(
    name: Name,
    make: (real: UpdateReceiver[Name]) => UpdateReceiver[Name],
  ): void {
    const { prototype } = UpdateReceiver;
    const real = prototype[name];
    prototype[name] = make(real);
    this.#mends.push(() => {
      prototype[name] = real;
    });
  }

  /** Has the firmware keep the vendor's next key in another way. */
  keepVendorKey(make: (real: Firmware['keepVendorKey']) => Firmware['keepVendorKey']): void {
    const { prototype } = Firmware;
    const real = prototype.keepVendorKey;
    prototype.keepVendorKey = make(real);
    this.#mends.push(() => {
      prototype.keepVendorKey = real;
    });
  }

  /** The generator yields this once. */
  draw(bytes: Uint8Array): void {
    this.#drawn = bytes;
  }

  /** Ends the device, and makes our agent whole again. */
  async end(): Promise<void> {
    await this.#device?.agent.close();
    for (const mend of this.#mends.splice(0)) mend();
  }

  #take(): Uint8Array | undefined {
    const drawn = this.#drawn;
    this.#drawn = undefined;
    return drawn;
  }
}

/** Checks another manifest than the one that came, and verifies no signature: it would be that of the one that came. */
export function overlooks(
  mutations: Mutations,
  change: (manifest: ExtendedManifest) => Partial<ExtendedManifest>,
): BenchDevice {
  mutations.replace(
    'receiveManifest',
    (real) =>
      function (this: UpdateReceiver, manifest, now) {
        return real.call(this, manifest && { ...manifest, ...change(manifest) }, now);
      },
  );
  return mutations.device({ scheme: { ...es256, verify: () => true } });
}

/** Takes every slice for the one that it expects. */
export function takesSlicesAsTheyCome(mutations: Mutations): BenchDevice {
  const expected = new WeakMap<UpdateReceiver, number>();
  mutations.replace(
    'receiveManifest',
    (real) =>
      function (this: UpdateReceiver, ...given) {
        expected.set(this, 0);
        return real.apply(this, given);
      },
  );
  mutations.replace(
    'receiveSlice',
    (real) =>
      function (this: UpdateReceiver, payload, now) {
        const bytes = decodeSlice(payload)?.bytes;
        const effects =
          bytes === undefined
            ? real.call(this, payload, now)
            : real.call(this, encodeSlice(expected.get(this) ?? 0, bytes), now);
        for (const effect of effects) if (effect.kind === 'acknowledge') expected.set(this, effect.offset);
        return effects;
      },
  );
  return mutations.device();
}

/** Takes of a slice what still fits, wherever it ends. */
export function clipsSlices(mutations: Mutations): BenchDevice {
  mutations.replace(
    'receiveSlice',
    (real) =>
      function (this: UpdateReceiver, payload, now) {
        const slice = decodeSlice(payload);
        if (slice === undefined) return real.call(this, payload, now);
        const room = (this.manifest?.size ?? 0) - slice.offset;
        return real.call(this, encodeSlice(slice.offset, slice.bytes.subarray(0, Math.max(1, room))), now);
      },
  );
  return mutations.device();
}

/** Takes every image for the one whose manifest it has verified last. */
export function blindToDigests(mutations: Mutations): BenchDevice {
  let promised = '' as Digest;
  return mutations.device({
    scheme: {
      ...es256,
      verify(message, signature, key) {
        promised = (/[0-9a-f]{64}/.exec(decodeUtf8(message) ?? '')?.[0] ?? promised) as Digest;
        return es256.verify(message, signature, key);
      },
    },
    startSha256: () => ({ update: () => {}, digest: () => promised }),
  });
}

/** Takes whatever update server's key it is offered. */
export function takesEveryKey(mutations: Mutations): BenchDevice {
  let epoch = 1000;
  const takes = (message: MqttMessage): MqttMessage => {
    const [word, key, , signature] = (decodeUtf8(message.payload) ?? '').split(';');
    if (message.topic !== topics.descriptionStatus || word !== 'OK') return message;
    epoch += 1;
    return { ...message, payload: utf8(`OK;${key};${epoch};${signature || '0'.repeat(128)}`) };
  };
  const isEndorsement = (text: Uint8Array): boolean =>
    decodeUtf8(text)?.startsWith('MUP-UPDATE-SERVER;') === true;
  return mutations.device(
    {
      scheme: { ...es256, verify: (text, ...rest) => isEndorsement(text) || es256.verify(text, ...rest) },
    },
    (inner) => hearing(inner, takes),
  );
}

/** A connection on which messages arrive as `change` makes them; those for which it says `undefined` do not. */
export function hearing(
  inner: MqttTransport,
  change: (message: MqttMessage) => MqttMessage | undefined,
): MqttTransport {
  return new Proxy(inner, {
    get(target, name) {
      if (name === 'subscribe')
        return (...[filter, qos, handler]: Parameters<MqttTransport['subscribe']>) =>
          inner.subscribe(filter, qos, (message) => {
            const changed = change(message);
            if (changed !== undefined) handler(changed);
          });
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Answers where the request says, too. */
export function answersEverywhere(mutations: Mutations): BenchDevice {
  return mutations.device({}, (inner) =>
    hearing(inner, (message) => {
      const { responseTopic } = message;
      if (responseTopic !== undefined) void inner.publish(responseTopic, utf8('an answer'));
      return message;
    }),
  );
}

/** Hears nothing any more once it has got a request that is none. */
export function diesOfNonsense(mutations: Mutations): BenchDevice {
  let isDead = false;
  return mutations.device({}, (inner) =>
    hearing(inner, (message) => {
      isDead ||= message.topic === topics.firmware && !message.payload.includes(0x3b);
      return isDead ? undefined : message;
    }),
  );
}
