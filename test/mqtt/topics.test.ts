import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deviceUuid } from '../../src/base/ids.ts';
import {
  checkDeviceTopic,
  checkTopicFilter,
  checkTopicName,
  descriptionFilter,
  descriptionStatusTopic,
  descriptionTopic,
  matchesFilter,
  responseTopic,
  statusFilter,
  statusTopic,
  uuidOfTopic,
  withUuid,
} from '../../src/mqtt/topics.ts';

const uuid = deviceUuid('F97DF79-8A12-4F4E-8F69-6B8F3C2E78DD');

describe('topics of mup-protocol §1 and §2', () => {
  test('are spelled as the protocol spells them', () => {
    expect(descriptionTopic(uuid)).toBe(`mup/description/${uuid}`);
    expect(descriptionStatusTopic(uuid)).toBe(`mup/description/${uuid}/status`);
    expect(statusTopic(uuid)).toBe(`mup/status/${uuid}`);
    expect(responseTopic(uuid, 'mup')).toBe(`mup/response/${uuid}`);
    expect(responseTopic(uuid, 'myno')).toBe(`response/${uuid}`);
  });

  test('the UUID is appended unless the topic already ends with it', () => {
    expect(withUuid('relay', uuid)).toBe(`relay/${uuid}`);
    expect(withUuid(`relay/${uuid}`, uuid)).toBe(`relay/${uuid}`);
    expect(withUuid(`relay-${uuid}`, uuid)).toBe(`relay-${uuid}/${uuid}`);
  });

  test('the device of a message is the level that + stands for', () => {
    expect(uuidOfTopic(descriptionFilter, descriptionTopic(uuid))).toBe(uuid);
    expect(uuidOfTopic(statusFilter, statusTopic(uuid))).toBe(uuid);
    expect(uuidOfTopic(descriptionFilter, descriptionStatusTopic(uuid))).toBeUndefined();
    for (const hostile of ['', 'a b', '../x', '\u0000', 'ü', '<a>', 'x'.repeat(65)])
      expect(uuidOfTopic(descriptionFilter, `mup/description/${hostile}`)).toBeUndefined();
  });
});

describe('topic filters (MQTT 5 §4.7)', () => {
  test.each([
    ['sport/tennis/player1/#', 'sport/tennis/player1', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
    ['sport/#', 'sport', true],
    ['#', 'a/b', true],
    ['sport/tennis/+', 'sport/tennis/player1', true],
    ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
    ['sport/+', 'sport', false],
    ['sport/+', 'sport/', true],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    ['#', '$SYS/broker', false],
    ['+/monitor/Clients', '$SYS/monitor/Clients', false],
    ['$SYS/#', '$SYS/broker', true],
    ['a/b', 'a/b', true],
    ['a/b', 'a/B', false],
  ])('%s and %s: %s', (filter, topic, matches) => {
    expect(matchesFilter(filter, topic)).toBe(matches);
  });

  test('a topic matches itself and itself with any level replaced by +', () => {
    const levels = fc.array(fc.stringMatching(/^[a-z0-9]{0,4}$/), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(levels, fc.nat(5), (parts, at) => {
        const filter = parts.map((part, i) => (i === at ? '+' : part)).join('/');
        expect(matchesFilter(filter, parts.join('/'))).toBe(true);
        expect(matchesFilter([...parts.slice(0, at), '#'].join('/'), parts.join('/'))).toBe(true);
      }),
    );
  });
});

describe('topics that a description may name (mup-protocol §5)', () => {
  test.each([
    `actuator/led/led_1/${uuid}`,
    `sensor/${uuid}/temperature`,
    `mup/firmware/${uuid}/image`,
    `yang/update/${uuid}`,
    `yang/update/image/${uuid}`,
    `yang/update/image/${uuid}/response`,
    `/relay/${uuid}`,
    uuid,
  ])('its own: %s', (topic) => {
    expect(() => checkDeviceTopic(topic, uuid)).not.toThrow();
  });

  test.each([
    ['empty', ''],
    ['single-level wildcard', `actuator/+/${uuid}`],
    ['multi-level wildcard', `${uuid}/#`],
    ['of the broker', `$SYS/${uuid}`],
    ['shared subscription', `$share/group/${uuid}`],
    ['NUL', `a\u0000/${uuid}`],
    ['line feed', `a\n/${uuid}`],
    ['escape sequence', `a\u001b[2J/${uuid}`],
    ['right-to-left override', `a\u202e/${uuid}`],
    ['unpaired surrogate', `a\ud800/${uuid}`],
    ['too long', `${'x'.repeat(512)}/${uuid}`],
    ['too long in octets', `${'ü'.repeat(256)}/${uuid}`],
    ['of no device', 'actuator/led'],
    ['of another device', 'actuator/led/OTHER-1'],
    ['with the UUID inside a level', `actuator/x${uuid}`],
    ['with the UUID in another case', `actuator/${uuid.toLowerCase()}`],
    ['descriptions', `mup/description/${uuid}`],
    ['answers to descriptions', `mup/description/${uuid}/status`],
    ['presence', `mup/status/${uuid}`],
    ['answers', `mup/response/${uuid}`],
    ['answers of the prototype', `response/${uuid}`],
    ['descriptions of the prototype', `yang/config/create/response/${uuid}`],
  ])('refused: %s', (_name, topic) => {
    expect(() => checkDeviceTopic(topic, uuid)).toThrow(expect.objectContaining({ code: 'bad-topic' }));
  });

  test('a device whose UUID is a usual level does not get the slices of another', () => {
    for (const topic of ['mup/firmware/OTHER-1/image', 'yang/update/image/OTHER-1'])
      expect(() => checkDeviceTopic(topic, deviceUuid('image'))).toThrow(
        expect.objectContaining({ code: 'bad-topic' }),
      );
  });

  test('the response topics may be answer topics, of this device only', () => {
    for (const topic of [`mup/response/${uuid}`, `response/${uuid}`, `answers/${uuid}`])
      expect(() => checkDeviceTopic(topic, uuid, 'answer')).not.toThrow();
    for (const topic of ['response/OTHER-1', `response/OTHER-1/${uuid}`, `mup/status/${uuid}`])
      expect(() => checkDeviceTopic(topic, uuid, 'answer')).toThrow(
        expect.objectContaining({ code: 'bad-topic' }),
      );
  });

  test('whatever is accepted matches nothing but itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (prefix, suffix) => {
        const topic = `${prefix}/${uuid}${suffix}`;
        try {
          checkDeviceTopic(topic, uuid);
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad-topic' });
          return;
        }
        expect(topic).not.toMatch(/[+#$\0]/);
        expect(topic.split('/')).toContain(uuid);
      }),
    );
  });
});

describe('what goes over the wire (MQTT 5 §4.7)', () => {
  const tooLong = 'x'.repeat(65_536);

  test.each(['', 'a/+', 'a/#', 'a\0', '\ud800', tooLong])('%j is no topic name', (topic) => {
    expect(() => checkTopicName(topic)).toThrow(expect.objectContaining({ code: 'bad-topic' }));
  });

  test.each(['', 'a/#/b', 'a+', 'a/b#', '+a/b', '##', 'a\0', '\ud800', tooLong])(
    '%j is no filter',
    (filter) => {
      expect(() => checkTopicFilter(filter)).toThrow(expect.objectContaining({ code: 'bad-topic' }));
    },
  );

  test.each(['#', '+', '+/+/#', '/', 'a//b', '$SYS/#', 'a/+/b'])('%j is a filter', (filter) => {
    expect(() => checkTopicFilter(filter)).not.toThrow();
  });
});
