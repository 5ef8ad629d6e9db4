import { connectAsync, type MqttClient } from 'mqtt';

/** A plug that speaks as Tasmota does (its documentation, “MQTT”): commands on `cmnd/<topic>/…`. */
export class TasmotaPlug {
  /** Commands and their payloads, in order. */
  readonly commands: (readonly [string, string])[] = [];
  readonly #client: MqttClient;
  readonly #topic: string;
  #power: 'OFF' | 'ON' = 'OFF';

  private constructor(client: MqttClient, topic: string) {
    this.#client = client;
    this.#topic = topic;
    client.on('message', (name, payload) => this.#command(name.split('/').at(-1) ?? '', payload.toString()));
  }

  static async connect(url: string, topic: string): Promise<TasmotaPlug> {
    const lwt = `tele/${topic}/LWT`;
    const client = await connectAsync(url, {
      protocolVersion: 4,
      will: { topic: lwt, payload: Buffer.from('Offline'), qos: 1, retain: true },
    });
    const plug = new TasmotaPlug(client, topic);
    await client.subscribeAsync(`cmnd/${topic}/#`);
    await client.publishAsync(lwt, 'Online', { qos: 1, retain: true });
    return plug;
  }

  get power(): 'OFF' | 'ON' {
    return this.#power;
  }

  /** Publishes what its meter shows, as it does every few minutes. */
  async tele(): Promise<void> {
    const Power = this.#power === 'ON' ? 21.5 : 0;
    const sensor = {
      Time: '2026-01-01T00:00:00',
      ENERGY: { TotalStartTime: '2025-01-01T00:00:00', Total: 12.345, Today: 0.127, Power, Voltage: 231 },
    };
    await this.#client.publishAsync(`tele/${this.#topic}/SENSOR`, JSON.stringify(sensor));
  }

  close(): Promise<void> {
    return this.#client.endAsync();
  }

  #command(name: string, payload: string): void {
    this.commands.push([name, payload]);
    if (name === 'POWER' && ['ON', 'OFF', 'TOGGLE'].includes(payload)) {
      const other = this.#power === 'ON' ? 'OFF' : 'ON';
      this.#power = payload === 'TOGGLE' ? other : (payload as 'OFF' | 'ON');
      this.#client.publish(`stat/${this.#topic}/RESULT`, JSON.stringify({ POWER: this.#power }));
      this.#client.publish(`stat/${this.#topic}/POWER`, this.#power);
      return;
    }
    const result = name === 'LedState' ? { LedState: Number(payload) } : { Command: 'Unknown' };
    this.#client.publish(`stat/${this.#topic}/RESULT`, JSON.stringify(result));
  }
}
