import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { utf8 } from '../../src/base/bytes.ts';
import { defaultConfig } from '../../src/base/config.ts';
import { brokerAddress } from '../../src/mqtt/adapters/broker-address.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { Inbox, MqttConnections } from '../support/mqtt-connections.ts';
import { describeWith } from '../support/peers.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

const connections = new MqttConnections();

afterEach(() => connections.closeAll());

describe('the address of the broker', () => {
  const config = { ...defaultConfig.mqtt, url: 'mqtt://broker' };

  test.each([
    ['mqtt://broker', { host: 'broker', port: 1883, tls: undefined }],
    ['mqtts://broker', { host: 'broker', port: 8883, tls: {} }],
    ['mqtt://127.0.0.1:11883/', { host: '127.0.0.1', port: 11883 }],
    ['mqtt://[::1]:1884', { host: '::1', port: 1884 }],
    ['mqtt://me:p%40ss@broker', { username: 'me', password: 'p@ss' }],
  ])('%s', (url, expected) => {
    expect(brokerAddress({ ...config, url })).toMatchObject(expected);
  });

  test('the configured user is used rather than that of the URL', () => {
    const address = brokerAddress({ ...config, url: 'mqtt://a:b@broker', username: 'c', password: 'd' });
    expect(address).toMatchObject({ username: 'c', password: 'd' });
  });

  test.each([
    '',
    'broker',
    'http://broker',
    'mqtt://',
    'mqtt://broker/path',
    'mqtt://a:%zz@broker',
    'ws://x',
  ])('%j is not one', (url) => {
    expect(() => brokerAddress({ ...config, url })).toThrow(
      expect.objectContaining({ code: 'bad-mqtt-url', where: 'mqtt.url' }),
    );
  });

  test('an error does not show the password', () => {
    expect(() => brokerAddress({ ...config, url: 'http://me:secret@broker' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    );
  });

  test('a password needs a user name (MQTT 3.1.1 §3.1.2.9)', () => {
    expect(() => brokerAddress({ ...config, password: 'x' })).toThrow(
      expect.objectContaining({ code: 'bad-mqtt-credentials' }),
    );
  });

  test('files for TLS that are missing, lack their other half, or would not be used are named', () => {
    const secure = { ...config, url: 'mqtts://broker' };
    for (const [wrong, where] of [
      [{ ...secure, caFile: '/does/not/exist.pem' }, 'mqtt.caFile'],
      [{ ...secure, certFile: '/dev/null' }, 'mqtt.keyFile'],
      [{ ...secure, keyFile: '/dev/null' }, 'mqtt.certFile'],
      [{ ...config, caFile: '/dev/null' }, 'mqtt.url'],
    ] as const)
      expect(() => brokerAddress(wrong)).toThrow(expect.objectContaining({ code: 'bad-mqtt-tls', where }));
  });

  test('a file that is no PEM is refused when the connection is configured', () => {
    const directory = mkdtempSync(join(tmpdir(), 'mup-tls-'));
    const file = join(directory, 'broken.pem');
    writeFileSync(file, 'not a certificate');
    expect(() => connections.connect('mqtts://127.0.0.1:1', { certFile: file, keyFile: file })).toThrow(
      expect.objectContaining({ code: 'bad-mqtt-tls' }),
    );
    rmSync(directory, { recursive: true });
  });
});

describeWith(['mosquitto'], 'mqtts with Mosquitto', () => {
  let certificates: Certificates;
  let others: Certificates;
  let broker: Mosquitto;

  beforeAll(async () => {
    certificates = makeCertificates();
    others = makeCertificates();
    const { caFile, server } = certificates;
    broker = await startMosquitto({ tls: { caFile, ...server, requireClientCertificate: true } });
  });

  afterAll(async () => {
    await broker.stop();
    certificates.remove();
    others.remove();
  });

  test('with the CA and a client certificate', async () => {
    const { caFile, client } = certificates;
    const transport = await connections.online(broker.url, { caFile, ...client });
    expect(transport.protocolVersion).toBe(5);
    const inbox = await Inbox.open(transport, 'a');
    await transport.publish('a', utf8('over TLS'));
    await inbox.count(1);
    expect(inbox.texts()).toEqual(['over TLS']);
  });

  test('by address, where the certificate names it', async () => {
    const { caFile, client } = certificates;
    await connections.online(`mqtts://127.0.0.1:${broker.port}`, { caFile, ...client });
  });

  test('a broker whose certificate is of another CA is refused', async () => {
    const logger = new RecordingLogger();
    connections.connect(broker.url, { caFile: others.caFile, ...certificates.client }, logger);
    const { fields } = await logger.line(({ level }) => level === 'warn');
    expect(fields['reason']).toMatch(/certificate|signature/);
  });

  test('without a client certificate the broker refuses us, and says why', async () => {
    const logger = new RecordingLogger();
    connections.connect(broker.url, { caFile: certificates.caFile }, logger);
    const { fields } = await logger.line(({ level }) => level === 'warn');
    expect(fields['reason']).toMatch(/certificate|handshake|closed/);
  });
});
