import { describe, expect, test } from '@jest/globals';
import { SshLogin } from '../../../src/netconf/adapters/ssh-login.ts';
import type { AuthContext } from '../../../src/netconf/adapters/ssh2.ts';
import { LoginThrottle } from '../../../src/netconf/users/login-throttle.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

describe('the login of one connection', () => {
  test.each([
    ['prompts that nobody answers', 'keyboard-interactive'],
    ['questions for the methods', 'none'],
  ])('%s without end cost neither timers nor log without end', (_, method) => {
    const logger = new RecordingLogger();
    const clock = new ManualClock();
    let [answered, givenUp] = [0, 0];
    const login = new SshLogin({
      authenticator: { checkPassword: async () => false, mayUseKey: async () => false },
      throttle: new LoginThrottle(),
      maxAttempts: 6,
      sourceHost: '192.0.2.1',
      clock,
      logger,
      giveUp: () => {
        givenUp += 1;
      },
    });
    const context = {
      method,
      username: 'admin',
      prompt: (_prompts: unknown, answer: (error: Error) => void) => answer(new Error('aborted')),
      reject: () => {
        answered += 1;
      },
    } as unknown as AuthContext;
    for (let i = 0; i < 1000; i += 1) login.handle(context);
    expect(givenUp).toBe(1);
    expect(logger.lines.length).toBeLessThan(30);
    clock.advance(60_000);
    expect(answered).toBeLessThan(30);
  });
});
