import type { MqttTransport } from '../../src/mqtt/transport.ts';
import { decodeAcknowledgement, decodeSlice } from '../../src/mup/slices.ts';

/** A slice as it passed the broker. */
export interface SeenSlice {
  readonly offset: number;
  readonly length: number;
}

/** Watches the slices to one device, and its acknowledgements, as a client of the broker. */
export class SliceObserver {
  readonly slices: SeenSlice[] = [];
  /** The highest offset that the device acknowledged. */
  acknowledged = 0;
  /** The most octets that were sent and not acknowledged. */
  mostInFlight = 0;
  #waiting: { readonly met: () => boolean; readonly resolve: () => void }[] = [];

  /** Resolves when the broker has granted it. */
  static async watch(transport: MqttTransport, uuid: string): Promise<SliceObserver> {
    const observer = new SliceObserver();
    await transport.subscribe(`mup/firmware/${uuid}/image`, 0, ({ payload }) => {
      const slice = decodeSlice(payload);
      if (slice !== undefined) observer.#sent({ offset: slice.offset, length: slice.bytes.length });
      observer.#look();
    });
    await transport.subscribe(`mup/firmware/${uuid}/ack`, 0, ({ payload }) => {
      observer.acknowledged = Math.max(observer.acknowledged, decodeAcknowledgement(payload) ?? 0);
      observer.#look();
    });
    return observer;
  }

  /** Begins anew, for the next image. */
  reset(): void {
    this.slices.length = 0;
    this.acknowledged = 0;
    this.mostInFlight = 0;
  }

  /** Resolves when what was seen is so. */
  until(met: (seen: SliceObserver) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ met: () => met(this), resolve });
      this.#look();
    });
  }

  #sent(slice: SeenSlice): void {
    this.slices.push(slice);
    this.mostInFlight = Math.max(this.mostInFlight, slice.offset + slice.length - this.acknowledged);
  }

  #look(): void {
    const done = this.#waiting.filter(({ met }) => met());
    this.#waiting = this.#waiting.filter((one) => !done.includes(one));
    for (const { resolve } of done) resolve();
  }
}
