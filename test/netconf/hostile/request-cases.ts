import { baseNamespace } from '../../../src/netconf/namespaces.ts';
import { lampNamespace } from '../protocol-fixture.ts';
import { type HostileCase, inBothFramings, rpc } from './cases.ts';

const setLamp = (input: string): string => rpc(`<setLamp xmlns="${lampNamespace}">${input}</setLamp>`);
const uuid = '<uuidInput>A-1</uuidInput>';
const filter = (content: string, attributes = 'type="subtree"'): string =>
  rpc(`<get><filter ${attributes}>${content}</filter></get>`);
const xpath = (expression: string): string => filter('', `type="xpath" select="${expression}"`);
const kill = (id: string): string => rpc(`<kill-session><session-id>${id}</session-id></kill-session>`);
const schema = (identifier: string): string =>
  rpc(
    `<get-schema xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"><identifier>${identifier}</identifier></get-schema>`,
  );
const subscribe = (content: string): string =>
  rpc(
    `<create-subscription xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0">${content}</create-subscription>`,
  );
const edit = (content: string, target = '<target><running/></target>'): string =>
  rpc(`<edit-config>${target}${content}</edit-config>`);
const long = 'x'.repeat(100_000);

/** Well-formed messages that are no sane requests, and what they are answered. */
const requests: readonly (readonly [string, string, string, string?])[] = [
  // The rpc layer (RFC 6241 section 4.1)
  ['a second hello', `<hello xmlns="${baseNamespace}"><capabilities/></hello>`, 'unknown-element'],
  ['an rpc-reply', `<rpc-reply xmlns="${baseNamespace}" message-id="1"><ok/></rpc-reply>`, 'unknown-element'],
  ['rpc in no namespace', '<rpc message-id="1"><get/></rpc>', 'unknown-namespace'],
  ['rpc in another namespace', '<rpc xmlns="urn:x" message-id="1"><get/></rpc>', 'unknown-namespace'],
  ['RPC in capitals', `<RPC xmlns="${baseNamespace}" message-id="1"><get/></RPC>`, 'unknown-element'],
  ['no message-id', rpc('<get/>', ''), 'missing-attribute'],
  [
    'a message-id of another namespace',
    rpc('<get/>', 'xmlns:p="urn:x" p:message-id="1"'),
    'missing-attribute',
  ],
  ['an empty message-id', rpc('<get/>', 'message-id=""'), 'ok'],
  ['a message-id of 100,000 characters', rpc('<get/>', `message-id="${long}"`), 'too-big'],
  ['a message-id that looks like framing', rpc('<get/>', 'message-id="]]&gt;]]&gt;&#10;##&#10;"'), 'ok'],
  ['a message-id that looks like markup', rpc('<get/>', 'message-id="&lt;/rpc-reply>&quot;"'), 'ok'],
  ['no operation', rpc(''), 'missing-element'],
  ['text for an operation', rpc('get'), 'malformed-message', 'malformed-message'],
  ['two operations', rpc('<get/><get/>'), 'unknown-element'],
  ['a comment, a PI and CDATA around', rpc('<!-- x --><?a b?><get/>'), 'ok'],
  // Operations
  ['an operation nobody knows', rpc('<format-disk/>'), 'operation-not-supported'],
  ['an operation of no namespace', rpc('<get xmlns=""/>'), 'operation-not-supported'],
  ['an operation of a namespace nobody knows', rpc('<get xmlns="urn:x"/>'), 'operation-not-supported'],
  ['an operation with a name of 100,000 characters', rpc(`<${long}/>`), 'too-big'],
  ['__proto__', rpc('<__proto__/>'), 'operation-not-supported'],
  ['constructor', rpc('<constructor/>'), 'operation-not-supported'],
  ['toString in a module', rpc(`<toString xmlns="${lampNamespace}"/>`), 'operation-not-supported'],
  ['__proto__ in a module', rpc(`<__proto__ xmlns="${lampNamespace}"/>`), 'operation-not-supported'],
  // Inputs
  ['__proto__ for an input', setLamp(`${uuid}<__proto__>x</__proto__>`), 'unknown-element'],
  ['hasOwnProperty for an input', setLamp(`${uuid}<hasOwnProperty/>`), 'unknown-element'],
  ['an input of another namespace', setLamp(`${uuid}<mode xmlns="urn:x">blink</mode>`), 'unknown-namespace'],
  ['no mandatory input', setLamp(''), 'missing-element'],
  ['an input twice', setLamp(`${uuid}${uuid}`), 'bad-element'],
  ['text between inputs', setLamp(`x${uuid}`), 'bad-element'],
  ['elements in a leaf', setLamp('<uuidInput><a/></uuidInput>'), 'unknown-element'],
  ['an empty value', setLamp('<uuidInput/>'), 'invalid-value'],
  ['a wildcard of MQTT', setLamp('<uuidInput>#</uuidInput>'), 'invalid-value'],
  ['a topic level', setLamp('<uuidInput>../+/x</uuidInput>'), 'invalid-value'],
  ['a line feed behind a good value', setLamp('<uuidInput>A-1\n</uuidInput>'), 'invalid-value'],
  [
    'a value of 100,000 characters',
    setLamp(`<uuidInput>${'A'.repeat(100_000)}!</uuidInput>`),
    'invalid-value',
  ],
  ['a name that no enum has', setLamp(`${uuid}<mode>constructor</mode>`), 'invalid-value'],
  ['256 for a uint8', setLamp(`${uuid}<colour><red>256</red></colour>`), 'invalid-value'],
  ['-1 for a uint8', setLamp(`${uuid}<colour><red>-1</red></colour>`), 'invalid-value'],
  ['1e1 for a uint8', setLamp(`${uuid}<colour><red>1e1</red></colour>`), 'invalid-value'],
  ['NaN for a uint8', setLamp(`${uuid}<colour><red>NaN</red></colour>`), 'invalid-value'],
  ['10,000 digits', setLamp(`${uuid}<colour><red>${'9'.repeat(10_000)}</red></colour>`), 'invalid-value'],
  ['digits of another script', setLamp(`${uuid}<colour><red>\u0661</red></colour>`), 'invalid-value'],
  // kill-session, get-schema
  ['kill-session of one who is not there', kill('4294967295'), 'invalid-value'],
  ['kill-session 0', kill('0'), 'invalid-value'],
  ['kill-session -1', kill('-1'), 'invalid-value'],
  ['kill-session 4294967296', kill('4294967296'), 'invalid-value'],
  ['kill-session of a text', kill('all'), 'invalid-value'],
  ['kill-session of nobody', rpc('<kill-session/>'), 'missing-element'],
  ['get-schema of a path', schema('../../../etc/passwd'), 'invalid-value'],
  ['get-schema of a name with NUL by its name', schema('%00'), 'invalid-value'],
  ['get-schema of __proto__', schema('__proto__'), 'invalid-value'],
  // Filters (section 6, section 8.9)
  ['a filter of no kind', filter('', 'type="regex"'), 'bad-attribute'],
  ['1,001 elements in a filter', filter('<a xmlns="urn:x"/>'.repeat(1001)), 'too-big'],
  ['200 elements in one another in a filter', filter(`${'<a>'.repeat(200)}${'</a>'.repeat(200)}`), 'ok'],
  ['an XPath filter without select', filter('', 'type="xpath"'), 'missing-attribute'],
  ['an XPath that is none', xpath('//['), 'invalid-value'],
  ['an XPath of 10,000 parentheses', xpath(`${'('.repeat(10_000)}1${')'.repeat(10_000)}`), 'too-big'],
  ['an XPath of 10,000 minus signs', xpath(`${'-'.repeat(10_000)}1`), 'too-big'],
  ['an XPath with a prefix nobody bound', xpath('/p:lamps'), 'invalid-value'],
  ['an XPath with a function nobody has', xpath('system(1)'), 'invalid-value'],
  ['an XPath that is a number', xpath('1'), 'invalid-value'],
  // Configuration
  ['edit-config without a target', edit('<config/>', ''), 'missing-element'],
  ['edit-config of candidate', edit('<config/>', '<target><candidate/></target>'), 'operation-not-supported'],
  [
    'edit-config of two targets',
    edit('<config/>', '<target><running/><startup/></target>'),
    'unknown-element',
  ],
  ['edit-config of a URL', edit('<url>file:///etc/passwd</url>'), 'operation-not-supported'],
  ['edit-config of a node nobody knows', edit('<config><a xmlns="urn:x"/></config>'), 'unknown-namespace'],
  [
    'edit-config of an operation nobody knows',
    edit(`<config><lamps xmlns="${lampNamespace}" xmlns:n="${baseNamespace}" n:operation="chmod"/></config>`),
    'bad-attribute',
  ],
  [
    'edit-config with an option nobody knows',
    edit('<test-option>maybe</test-option><config/>'),
    'invalid-value',
  ],
  [
    'copy-config of running to itself',
    rpc('<copy-config><target><running/></target><source><running/></source></copy-config>'),
    'invalid-value',
  ],
  [
    'delete-config of running',
    rpc('<delete-config><target><running/></target></delete-config>'),
    'unknown-element',
  ],
  ['unlock of what is not locked', rpc('<unlock><target><running/></target></unlock>'), 'operation-failed'],
  ['get-config of nowhere', rpc('<get-config/>'), 'missing-element'],
  ['commit, without a candidate', rpc('<commit/>'), 'operation-not-supported'],
  // Notifications (RFC 5277 section 2.1.1)
  ['a stream nobody has', subscribe('<stream>secret</stream>'), 'invalid-value'],
  ['a time that is none', subscribe('<startTime>yesterday</startTime>'), 'invalid-value'],
  ['an end without a beginning', subscribe('<stopTime>2026-01-01T00:00:00Z</stopTime>'), 'missing-element'],
  ['a beginning in the future', subscribe('<startTime>2999-01-01T00:00:00Z</startTime>'), 'bad-element'],
  [
    'an end before the beginning',
    subscribe('<startTime>2025-01-02T00:00:00Z</startTime><stopTime>2025-01-01T00:00:00Z</stopTime>'),
    'bad-element',
  ],
];

export const requestCases: readonly HostileCase[] = requests.flatMap((one) => inBothFramings(...one));
