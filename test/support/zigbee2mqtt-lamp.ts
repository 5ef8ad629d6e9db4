import { connectAsync, type MqttClient } from 'mqtt';

/** A lamp behind Zigbee2MQTT (its documentation, “MQTT Topics and Messages”): JSON on `zigbee2mqtt/<name>/set`. */
export class Zigbee2MqttLamp {
  /** What was asked of it, in order. */
  readonly requests: Readonly<Record<string, unknown>>[] = [];
  /** Nothing is done while it is out of reach: Zigbee2MQTT logs an error and publishes nothing. */
  reachable = true;
  readonly #client: MqttClient;
  readonly #name: string;
  #state: Readonly<Record<string, unknown>> = {
    state: 'OFF',
    brightness: 254,
    color_mode: 'xy',
    color: { x: 0.3131, y: 0.3232, hue: 30, saturation: 2 },
    color_temp: 370,
    update: { state: 'idle' },
    linkquality: 120,
  };

  private constructor(client: MqttClient, name: string) {
    this.#client = client;
    this.#name = name;
    client.on('message', (_, payload) => this.#set(payload.toString()));
  }

  static async connect(url: string, name: string): Promise<Zigbee2MqttLamp> {
    const client = await connectAsync(url);
    const lamp = new Zigbee2MqttLamp(client, name);
    await client.subscribeAsync(`zigbee2mqtt/${name}/set`);
    await client.publishAsync(`zigbee2mqtt/${name}/availability`, '{"state":"online"}', { retain: true });
    return lamp;
  }

  /** Publishes its state, as when somebody uses its remote control; retained, as its users like to have it. */
  async publish(change: Readonly<Record<string, unknown>> = {}): Promise<void> {
    this.#state = { ...this.#state, ...change };
    const payload = JSON.stringify(this.#state);
    await this.#client.publishAsync(`zigbee2mqtt/${this.#name}`, payload, { retain: true });
  }

  close(): Promise<void> {
    return this.#client.endAsync();
  }

  #set(payload: string): void {
    const { transition, ...request } = JSON.parse(payload) as Record<string, unknown>;
    this.requests.push(transition === undefined ? request : { ...request, transition });
    if (!this.reachable) return;
    const { state, brightness, color, color_temp } = request;
    const known = Object.entries({ state, brightness, color, color_temp }).filter(
      ([, value]) => value !== undefined,
    );
    if (known.length > 0) void this.publish(Object.fromEntries(known));
  }
}
