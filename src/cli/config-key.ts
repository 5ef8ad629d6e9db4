/** One setting: a leaf of `Config`, as the schema describes it. */
export interface ConfigKey {
  /** Keys from the top, as in a configuration file: `['mqtt', 'embedded', 'port']`. */
  readonly path: readonly string[];
  readonly kind: 'text' | 'integer' | 'choice' | 'list';
  readonly description: string;
  /** Never printed. */
  readonly secret: boolean;
  readonly defaultValue: unknown;
  /** `integer` only. */
  readonly minimum?: number;
  /** `integer` only. */
  readonly maximum?: number;
  /** `choice`, and a `list` whose members are choices. */
  readonly choices?: readonly string[];
}

/** What is wrong with one value or key. `message` follows its name: `netconf.port is less than 0`. */
export interface ConfigProblem {
  readonly path: readonly string[];
  readonly message: string;
  readonly unknownKey: boolean;
}

/** `mqtt.embedded.port` */
export function keyPath(key: Pick<ConfigKey, 'path'>): string {
  return key.path.join('.');
}

/** `MUP_MQTT_EMBEDDED_PORT` */
export function environmentName(key: Pick<ConfigKey, 'path'>): string {
  return `MUP_${words(key).join('_').toUpperCase()}`;
}

/** `mqtt-embedded-port`, the option `--mqtt-embedded-port` without its dashes. */
export function flagName(key: Pick<ConfigKey, 'path'>): string {
  return words(key).join('-');
}

function words(key: Pick<ConfigKey, 'path'>): string[] {
  return key.path.flatMap((name) =>
    name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).split(' '),
  );
}
