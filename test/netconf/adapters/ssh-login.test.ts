import { describe, expect, test } from '@jest/globals';
import { UnavailableError } from '../../../src/base/errors.ts';
import { TaskLimit } from '../../../src/base/task-limit.ts';
import { SshLogin } from '../../../src/netconf/adapters/ssh-login.ts';
import type { AuthContext } from '../../../src/netconf/adapters/ssh2.ts';
import { LoginThrottle } from '../../../src/netconf/users/login-throttle.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

interface World {
  readonly login: SshLogin;
  readonly throttle: LoginThrottle;
  readonly passwordTurns: TaskLimit;
  readonly clock: ManualClock;
  readonly logger: RecordingLogger;
  /** Passwords that were checked, in order. */
  readonly checked: string[];
  givenUp: number;
}

function world(check: (password: string) => Promise<boolean> = async () => false): World {
  const shared = {
    throttle: new LoginThrottle(),
    passwordTurns: new TaskLimit(1),
    clock: new ManualClock(),
    logger: new RecordingLogger(),
  };
  const checked: string[] = [];
  const login = new SshLogin({
    ...shared,
    authenticator: {
      checkPassword: (_, password) => {
        checked.push(password);
        return check(password);
      },
      mayUseKey: async () => false,
    },
    maxAttempts: 6,
    sourceHost: '192.0.2.1',
    giveUp: () => {
      made.givenUp += 1;
    },
  });
  const made: World = { ...shared, login, checked, givenUp: 0 };
  return made;
}

/** A password request. @returns what it is answered */
function password(login: SshLogin, text: string): Promise<string> {
  return new Promise((resolve) => {
    login.handle({
      method: 'password',
      username: 'admin',
      password: text,
      accept: () => resolve('accepted'),
      reject: () => resolve('rejected'),
    } as unknown as AuthContext);
  });
}

describe('the login of one connection', () => {
  test.each([
    ['prompts that nobody answers', 'keyboard-interactive'],
    ['questions for the methods', 'none'],
  ])('%s without end cost neither timers nor log without end', (_, method) => {
    const it = world();
    let answered = 0;
    const context = {
      method,
      username: 'admin',
      prompt: (_prompts: unknown, answer: (error: Error) => void) => answer(new Error('aborted')),
      reject: () => {
        answered += 1;
      },
    } as unknown as AuthContext;
    for (let i = 0; i < 1000; i += 1) it.login.handle(context);
    expect(it.givenUp).toBe(1);
    expect(it.logger.lines.length).toBeLessThan(30);
    it.clock.advance(60_000);
    expect(answered).toBeLessThan(30);
  });

  test('a password that cannot be checked is rejected, and does not count as a wrong one', async () => {
    const it = world(async (text) => {
      if (text === 'unlucky') throw new UnavailableError('scrypt-failed', 'out of memory');
      return text === 'right';
    });
    expect(await password(it.login, 'unlucky')).toBe('rejected');
    expect(await password(it.login, 'right')).toBe('accepted');
    // The first failure of an address waits the shortest time.
    expect(it.throttle.failed('192.0.2.1', 0)).toBe(250);
  });

  test('passwords of other connections wait, and those of connections that end meanwhile are not checked', async () => {
    const it = world(async () => true);
    let free = (): void => {};
    const busy = it.passwordTurns.run(
      () =>
        new Promise<void>((resolve) => {
          free = resolve;
        }),
    );
    void password(it.login, 'gone');
    it.login.end();
    const other = world(async () => true);
    expect(it.checked).toEqual([]);
    free();
    await busy;
    expect(await it.passwordTurns.run(async () => 'next')).toBe('next');
    expect(it.checked).toEqual([]);
    expect(await password(other.login, 'right')).toBe('accepted');
  });
});
