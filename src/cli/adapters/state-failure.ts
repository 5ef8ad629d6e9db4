import { errorCode, errorMessage, MupError, UnavailableError, UsageError } from '../../base/errors.ts';

/** Calls of the operating system that are none of files: what they refuse has nothing to do with the directory. */
const ofNetworks: readonly unknown[] = ['listen', 'bind', 'connect', 'getaddrinfo'];

/** What a file system says of the directory that it does not let us use, and what to do about that. */
const refusals: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  EROFS: ['is on a file system that is mounted read-only', 'Mount it writable'],
  EACCES: ['is not open to this user', 'Start the bridge as the user whose directory it is'],
  EPERM: ['is not open to this user', 'Start the bridge as the user whose directory it is'],
  ENOTDIR: ['is, or would have to be in, a file', 'Move that away'],
  EEXIST: ['is, or would have to be in, a file', 'Move that away'],
  EISDIR: ['holds a directory where a file belongs', 'Move that away'],
  // What Node.js says of a directory that is to be made on a file system that is read-only.
  ENOENT: ['cannot be made', 'See that the file system is writable'],
};

/**
 * What a start fails with that the file system of the state directory stops: the error of the system says neither what
 * it is about nor what to do.
 * @returns any other error as it is
 */
export function stateFailure(error: unknown, stateDir: string): unknown {
  if (error instanceof MupError || ofNetworks.includes(Object(error).syscall)) return error;
  const code = errorCode(error) ?? '';
  const details = { where: stateDir, cause: error };
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new UnavailableError(
      'state-disk-full',
      `the disk of the state directory is full: ${errorMessage(error)}`,
      {
        ...details,
        hint: 'Make room and start the bridge again; what it has stored is as it was.',
      },
    );
  if (!Object.hasOwn(refusals, code)) return error;
  const [what = '', todo = ''] = refusals[code] ?? [];
  return new UsageError('state-unusable', `the state directory ${what}: ${errorMessage(error)}`, {
    ...details,
    hint: `${todo}, or choose another directory with --state-dir.`,
  });
}
