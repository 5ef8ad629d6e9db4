import { readFileSync } from 'node:fs';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { MqttConfig } from '../../base/config.ts';
import { errorMessage, UsageError } from '../../base/errors.ts';

/** Where a broker is and how to reach it. */
export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Where it is reached by TLS: the files of the configuration, read. */
  readonly tls: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer } | undefined;
}

/** What of the configuration says where the broker is. */
export type BrokerConfig = Pick<
  MqttConfig,
  'url' | 'username' | 'password' | 'caFile' | 'certFile' | 'keyFile'
>;

/**
 * Reads the address of the configuration, and the files it names.
 * @throws UsageError `bad-mqtt-url`, `bad-mqtt-credentials`, `bad-mqtt-tls`
 */
export function brokerAddress(config: BrokerConfig): BrokerAddress {
  const url = parsedUrl(config.url);
  const secure = url.protocol === 'mqtts:';
  const username = config.username || decodeURIComponent(url.username);
  const password = config.password || decodeURIComponent(url.password);
  if (password !== '' && username === '')
    throw new UsageError('bad-mqtt-credentials', 'a password for the MQTT broker needs a user name', {
      where: 'mqtt.username',
      hint: 'Set mqtt.username, or remove mqtt.password.',
    });
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 8883 : 1883) : Number(url.port),
    username: username || undefined,
    password: password || undefined,
    tls: secure ? tlsFiles(config) : noTlsFiles(config),
  };
}

function parsedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const known = url?.protocol === 'mqtt:' || url?.protocol === 'mqtts:';
  if (url !== undefined && known && url.hostname !== '' && /^\/?$/.test(url.pathname) && isDecodable(url))
    return url;
  throw new UsageError(
    'bad-mqtt-url',
    `${JSON.stringify(withoutSecrets(text))} is not the URL of an MQTT broker`,
    {
      where: 'mqtt.url',
      hint: 'Write mqtt://host:1883, or mqtts://host:8883 for TLS.',
    },
  );
}

function isDecodable({ username, password }: URL): boolean {
  return [username, password].every((part) => !/%(?![0-9a-fA-F]{2})/.test(part));
}

function withoutSecrets(text: string): string {
  return text.replace(/\/\/[^@/]*@/, '//…@').slice(0, 200);
}

function tlsFiles({ caFile, certFile, keyFile }: BrokerConfig): NonNullable<BrokerAddress['tls']> {
  if ((certFile === '') !== (keyFile === ''))
    throw new UsageError('bad-mqtt-tls', 'a client certificate needs both its file and the file of its key', {
      where: certFile === '' ? 'mqtt.certFile' : 'mqtt.keyFile',
    });
  return {
    ...(caFile === '' ? {} : { ca: contents('mqtt.caFile', caFile) }),
    ...(certFile === '' ? {} : { cert: contents('mqtt.certFile', certFile) }),
    ...(keyFile === '' ? {} : { key: contents('mqtt.keyFile', keyFile) }),
  };
}

function noTlsFiles({ caFile, certFile, keyFile }: BrokerConfig): undefined {
  if (caFile === '' && certFile === '' && keyFile === '') return undefined;
  throw new UsageError(
    'bad-mqtt-tls',
    'certificates are configured, and a broker that is reached without TLS',
    {
      where: 'mqtt.url',
      hint: 'Write mqtts:// to use TLS, or remove mqtt.caFile, mqtt.certFile and mqtt.keyFile.',
    },
  );
}

function contents(key: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError('bad-mqtt-tls', `cannot read ${file}: ${errorMessage(error)}`, {
      where: key,
      hint: `Set ${key} to a PEM file that this process may read.`,
      cause: error,
    });
  }
}

/**
 * Begins a connection; `reached` is called when it stands, TLS included.
 * @throws UsageError `bad-mqtt-tls` when a certificate or key is not PEM or does not fit the other
 */
export function openSocket(address: BrokerAddress, reached: () => void): Socket {
  const { host, port, tls } = address;
  if (tls === undefined) return connectTcp({ host, port, noDelay: true }, reached);
  try {
    const server = isIP(host) === 0 ? { servername: host } : {};
    const socket = connectTls({ host, port, ...server, ...tls, minVersion: 'TLSv1.2' }, reached);
    socket.setNoDelay(true);
    return socket;
  } catch (error) {
    throw new UsageError('bad-mqtt-tls', `the files for TLS cannot be used: ${errorMessage(error)}`, {
      where: 'mqtt.caFile, mqtt.certFile, mqtt.keyFile',
      cause: error,
    });
  }
}
