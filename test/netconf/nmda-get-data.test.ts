import { describe, expect, test } from '@jest/globals';
import {
  attic,
  badOf,
  client,
  dataOf,
  datastore,
  fixture,
  grant,
  hall,
  home,
  identities,
  nmda,
  read,
  subtree,
  tagOf,
  weather,
  xpath,
} from './nmda-fixture.ts';

describe('get-data (RFC 8526 §3.1.1)', () => {
  test('of a datastore of configuration is what get-config answers', async () => {
    const running = `<home><street>Elm</street><doors>1</doors>${hall}</home>`;
    expect(await read('running')).toBe(running);
    expect(await read('startup')).toBe('');
    await fixture.datastores.copy('running', 'startup');
    expect(await read('startup')).toBe(running);
  });

  test('of operational is configuration and state, with the defaults in use (RFC 8342 §5.3)', async () => {
    const all = `<home><street>Elm</street><doors>1</doors>${hall}${attic}<floors>1</floors></home>${weather}`;
    expect((await read('operational')).replace(/<netconf-state>.*/s, '')).toBe(all);
  });

  test('the server’s own state is there too', async () => {
    expect(await read('operational')).toContain('<netconf-state>');
    expect(await read('operational', xpath('/*/l:x | //*[local-name()="content-id"]'))).toMatch(
      /^<yang-library><content-id>\w+<\/content-id><\/yang-library>$/,
    );
  });

  test.each([
    ['a subtree filter', subtree(home('<street/>')), '<home><street>Elm</street></home>'],
    ['a subtree filter that is empty', subtree(''), ''],
    [
      'a content match',
      subtree(home('<room><name>attic</name><warmth/></room>')),
      '<home><room><name>attic</name><warmth>9</warmth></room></home>',
    ],
    ['an XPath', xpath('//h:speed'), '<weather><wind><speed>3</speed></wind></weather>'],
    [
      'an XPath with white space around it',
      xpath('\n //h:warmth '),
      '<home><room><name>attic</name><warmth>9</warmth></room></home>',
    ],
  ])('selects by %s', async (_, filter, data) => {
    expect(await read('operational', filter)).toBe(data);
  });

  const config = (value: boolean): string => `<config-filter>${value}</config-filter>`;
  const depth = (levels: number | string): string => `<max-depth>${levels}</max-depth>`;
  const ours = xpath('/h:*');

  test.each([
    [
      'configuration',
      ours + config(true),
      `<home><street>Elm</street><doors>1</doors>${hall}<room><name>attic</name><door/></room><floors>1</floors></home>`,
    ],
    ['state, with what holds it and keys', ours + config(false), `<home>${attic}</home>${weather}`],
    [
      'what both filters select, and no more',
      xpath('//h:warmth | //h:street') + config(true),
      '<home><street>Elm</street></home>',
    ],
    [
      'likewise of a subtree',
      subtree(home('<room><door/></room>')) + config(false),
      '<home><room><name>attic</name><door><angle>0</angle></door></room></home>',
    ],
    ['nothing, where nothing is of both', xpath('//h:street') + config(false), ''],
    ['the nodes alone', ours + depth(1), '<home/><weather/>'],
    [
      'two levels, entries with their keys',
      ours + depth(2),
      '<home><street>Elm</street><doors>1</doors><room><name>hall</name></room><room><name>attic</name></room>' +
        '<floors>1</floors></home><weather><wind/><rain>none</rain></weather>',
    ],
    [
      'levels below what is selected, not below the root',
      xpath("//h:room[h:name='hall']") + depth(2),
      '<home><room><name>hall</name><colour>red</colour><door/></room></home>',
    ],
    [
      'likewise of a subtree',
      subtree(home('<room><name>hall</name><door/></room>')) + depth(1),
      '<home><room><name>hall</name><door/></room></home>',
    ],
    [
      'what is selected below what is cut off',
      xpath('/h:weather | //h:speed') + depth(1),
      '<weather><wind><speed>3</speed></wind></weather>',
    ],
    ['all levels', xpath('/h:weather') + depth('unbounded'), weather],
    ['all levels, if there are not as many', xpath('/h:weather') + depth(65535), weather],
    ['a text as its leaf', xpath('//h:rain/text()') + depth(1), '<weather><rain>none</rain></weather>'],
    ['all, by the root', `${xpath('/')}${depth(1)}${config(true)}`, '<home/>'],
    ['both at once', ours + config(false) + depth(2), '<weather><wind/><rain>none</rain></weather>'],
  ])('config-filter and max-depth: %s', async (_, content, data) => {
    expect(await read('operational', content)).toBe(data);
  });

  test('without a filter, the top-level nodes are the selected ones', async () => {
    expect(await read('running', depth(1))).toBe('<home/>');
    expect(await read('running', config(false))).toBe('');
    expect(await read('running', config(true))).toBe(await read('running'));
  });

  const mode = (name: string): string => `<with-defaults>${name}</with-defaults>`;

  test.each([
    ['explicit', '<doors>1</doors>'],
    ['trim', ''],
    ['report-all', '<doors>1</doors><floors>1</floors>'],
    ['report-all-tagged', '<doors>1</doors><floors ns1:default="true">1</floors>'],
  ])('with-defaults of configuration (RFC 6243): %s', async (name, data) => {
    const filter = xpath('//h:doors | //h:floors');
    expect(await read('running', filter + mode(name))).toBe(data && `<home>${data}</home>`);
  });

  const tagged = ' ns1:default="true"';

  test.each([
    ['explicit', '<doors>1</doors>', '<angle>0</angle>', '<floors>1</floors>'],
    ['report-all', '<doors>1</doors>', '<angle>0</angle>', '<floors>1</floors>'],
    [
      'report-all-tagged',
      `<doors${tagged}>1</doors>`,
      `<angle${tagged}>0</angle>`,
      `<floors${tagged}>1</floors>`,
    ],
  ])('with-defaults of operational (§3.1.1.2): %s', async (name, doors, angle, floors) => {
    expect(await read('operational', xpath('//h:doors | //h:floors | //h:angle') + mode(name))).toBe(
      `<home>${doors}<room><name>attic</name><door>${angle}</door></room>${floors}</home>`,
    );
  });

  test('with-defaults of operational: trim leaves out defaults, of state too', async () => {
    expect(await read('operational', ours + mode('trim'))).toBe(
      `<home><street>Elm</street>${hall}<room><name>attic</name><warmth>9</warmth></room></home>` +
        '<weather><wind><speed>3</speed></wind></weather>',
    );
  });

  test.each([
    ['no datastore', '', 'missing-element', 'datastore'],
    ['one that is not served', datastore('candidate'), 'invalid-value', 'datastore'],
    ['one that is not served', datastore('intended'), 'invalid-value', 'datastore'],
    ['an identity that is none', datastore('other'), 'invalid-value', 'datastore'],
    ['the base of all', datastore('datastore'), 'invalid-value', 'datastore'],
    ['none at all', '<datastore/>', 'invalid-value', 'datastore'],
    ['no prefix', '<datastore>running</datastore>', 'invalid-value', 'datastore'],
    ['a prefix that is not declared', '<datastore>x:running</datastore>', 'invalid-value', 'datastore'],
    [
      'an identity of another module',
      '<datastore xmlns:d="urn:x">d:running</datastore>',
      'invalid-value',
      'datastore',
    ],
    [
      'two prefixes',
      `<datastore xmlns:d="${identities}">x:d:running</datastore>`,
      'invalid-value',
      'datastore',
    ],
    ['two datastores', datastore('running') + datastore('startup'), 'bad-element', 'datastore'],
    [
      'both filters',
      `${datastore('running')}${subtree('')}${xpath('/h:home')}`,
      'bad-element',
      'xpath-filter',
    ],
    [
      'an XPath that selects no nodes',
      datastore('running') + xpath('1 + 1'),
      'invalid-value',
      'xpath-filter',
    ],
    ['an XPath that is none', datastore('running') + xpath('//*['), 'invalid-value', 'xpath-filter'],
    [
      'an XPath with an unknown prefix',
      datastore('running') + xpath('/u:x'),
      'invalid-value',
      'xpath-filter',
    ],
    [
      'an XPath that is too long',
      datastore('running') + xpath(`/a${'/a'.repeat(3000)}`),
      'too-big',
      undefined,
    ],
    ['a subtree that is too big', datastore('running') + subtree('<a/>'.repeat(1001)), 'too-big', undefined],
    [
      'a config-filter that is no boolean',
      `${datastore('running')}<config-filter>yes</config-filter>`,
      'invalid-value',
      'config-filter',
    ],
    ...['0', '65536', '-1', 'all', '', '1.5', '1e3'].map((text): [string, string, string, string] => [
      `a max-depth of ${JSON.stringify(text)}`,
      `${datastore('running')}<max-depth>${text}</max-depth>`,
      'invalid-value',
      'max-depth',
    ]),
    [
      'a mode that is none',
      `${datastore('running')}<with-defaults>all</with-defaults>`,
      'invalid-value',
      'with-defaults',
    ],
    [
      'the same of operational',
      `${datastore('operational')}<with-defaults>all</with-defaults>`,
      'invalid-value',
      'with-defaults',
    ],
    ...['with-origin', 'origin-filter', 'negated-origin-filter'].map(
      (name): [string, string, string, string] => [
        `a feature that is not announced: ${name}`,
        `${datastore('operational')}<${name}/>`,
        'unknown-element',
        name,
      ],
    ),
    [
      'a parameter of another namespace',
      `${datastore('running')}<max-depth xmlns="urn:x">1</max-depth>`,
      'unknown-namespace',
      'max-depth',
    ],
    ['a filter as get has it', `${datastore('running')}<filter/>`, 'unknown-element', 'filter'],
  ])('refuses %s', async (_, content, tag, bad) => {
    const reply = await client.call(`<get-data xmlns="${nmda}">${content}</get-data>`);
    expect([tagOf(reply), badOf(reply)]).toEqual([tag, bad]);
  });

  test('the default namespace may be that of the identity (RFC 7950 §9.10.3)', async () => {
    const reply = await client.call(
      `<n:get-data xmlns:n="${nmda}" xmlns="${identities}"><n:datastore>running</n:datastore></n:get-data>`,
    );
    expect(dataOf(reply)).toContain('<street>');
  });

  test('what a user may not read is left out before the filter (RFC 8341 §3.2.4)', async () => {
    grant({ readable: (data) => data.filter(({ name }) => name !== 'weather') });
    expect(await read('operational', xpath("/h:home[/h:weather/h:rain='none']"))).toBe('');
    expect(await read('operational', xpath('/h:weather'))).toBe('');
    expect(await read('operational', xpath('//h:street'))).toContain('Elm');
  });
});
