import { describe, expect, test } from '@jest/globals';
import { LoginThrottle } from '../../../src/netconf/users/login-throttle.ts';

describe('LoginThrottle', () => {
  test('makes each failure from an address slower, up to eight seconds', () => {
    const throttle = new LoginThrottle();
    const delays = Array.from({ length: 8 }, (_, i) => throttle.failed('192.0.2.1', i));
    expect(delays).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
  });

  test('does not make others pay', () => {
    const throttle = new LoginThrottle();
    throttle.failed('192.0.2.1', 0);
    expect(throttle.failed('192.0.2.2', 0)).toBe(250);
  });

  test('forgets after a login and after ten minutes', () => {
    const throttle = new LoginThrottle();
    throttle.failed('192.0.2.1', 0);
    throttle.succeeded('192.0.2.1');
    expect(throttle.failed('192.0.2.1', 1)).toBe(250);
    expect(throttle.failed('192.0.2.1', 600_001)).toBe(500);
    expect(throttle.failed('192.0.2.1', 1_200_002)).toBe(250);
  });

  test('remembers a bounded number of addresses, the latest ones', () => {
    const throttle = new LoginThrottle();
    throttle.failed('first', 0);
    throttle.failed('second', 0);
    for (let i = 0; i < 4095; i += 1) throttle.failed(`address ${i}`, 0);
    expect(throttle.failed('second', 0)).toBe(500);
    expect(throttle.failed('first', 0)).toBe(250);
  });
});
