import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './paths.ts';
import { Program } from './program.ts';

/** What the client answers: one of these, XML or a list of names. */
export interface SchemaAwareAnswer {
  readonly ok?: string;
  /** An rpc-error. */
  readonly error?: string;
  /** Its own refusal: a request or an answer that is not valid by its schema. */
  readonly failed?: string;
}

interface Login {
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/**
 * A session of a client on Debian's libnetconf2, `test/interop/c/netconf-client.c`, which takes its schemas
 * from the server and validates everything it sends and receives.
 */
export class SchemaAwareClient {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  /** Builds the client and connects it, with an empty folder for its schemas. */
  static async connect(login: Login): Promise<SchemaAwareClient> {
    const program = await start('127.0.0.1', login);
    await program.json({ ok: 'connected' });
    return new SchemaAwareClient(program);
  }

  /**
   * Waits at a port for the server to call (RFC 8071).
   * @param listening called when it does
   */
  static async listen(login: Login, listening: () => Promise<void>): Promise<SchemaAwareClient> {
    const program = await start('listen', login);
    await program.json({ ok: 'listening' });
    await listening();
    await program.json({ ok: 'connected' });
    return new SchemaAwareClient(program);
  }

  /** What libnetconf2 and libyang warned of. */
  get complaints(): string {
    return this.#program.stderr;
  }

  /** One request, as `netconf-client.c` describes them. */
  async perform(request: string): Promise<SchemaAwareAnswer> {
    const from = this.#program.lines.length;
    this.#program.write(`${request.replaceAll('\n', ' ')}\n`);
    const { json } = await this.#program.line(() => true, from);
    return json as SchemaAwareAnswer;
  }

  async close(): Promise<number | null> {
    this.#program.write('close\n');
    return this.#program.exited;
  }

  stop(): Promise<number | null> {
    return this.#program.stop();
  }
}

/** Builds the client and starts it, with an empty folder for its schemas. */
async function start(host: string, { port, username, password }: Login): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), 'mup-libnetconf2-'));
  const schemas = join(folder, 'schemas');
  await mkdir(schemas);
  const client = join(folder, 'netconf-client');
  const source = join(root, 'test', 'interop', 'c', 'netconf-client.c');
  const libraries = ['-lnetconf2', '-lyang', '-lssh'];
  execFileSync('gcc', ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-o', client, source, ...libraries]);
  return new Program(client, [host, String(port), username, password, schemas]);
}
