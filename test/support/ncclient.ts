import { join } from 'node:path';
import { root } from './paths.ts';
import { Program } from './program.ts';

/** An rpc-error as ncclient understood it. */
export interface NcclientError {
  readonly type: string;
  readonly tag: string;
  readonly severity: string;
  readonly appTag: string | null;
  readonly path: string | null;
  readonly message: string | null;
  readonly info: string | null;
}

/** What the driver answers: one of these. */
export interface NcclientAnswer {
  readonly reply?: string;
  readonly schema?: string;
  /** `null`: none came in time. */
  readonly notification?: string | null;
  readonly capabilities?: readonly string[];
  readonly sessionId?: string;
  readonly error?: NcclientError;
}

/** A NETCONF session of Debian's ncclient, driven by `test/interop/ncclient-driver.py`. */
export class Ncclient {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  static async connect(login: {
    readonly port: number;
    readonly username: string;
    readonly password: string;
  }): Promise<Ncclient> {
    const driver = join(root, 'test', 'interop', 'ncclient-driver.py');
    const program = new Program('/usr/bin/python3', [driver]);
    program.write(`${JSON.stringify({ host: '127.0.0.1', ...login })}\n`);
    await program.json({ connected: true });
    return new Ncclient(program);
  }

  /** What ncclient and Python wrote to stderr: warnings and tracebacks. */
  get complaints(): string {
    return this.#program.stderr;
  }

  async perform(request: Readonly<Record<string, unknown>>): Promise<NcclientAnswer> {
    const from = this.#program.lines.length;
    this.#program.write(`${JSON.stringify(request)}\n`);
    const { json } = await this.#program.line(() => true, from);
    return json as NcclientAnswer;
  }

  /** An operation given as XML. */
  dispatch(xml: string): Promise<NcclientAnswer> {
    return this.perform({ op: 'dispatch', xml });
  }

  async close(): Promise<void> {
    await this.perform({ op: 'close' });
    await this.#program.exited;
  }

  stop(): Promise<number | null> {
    return this.#program.stop();
  }
}

/** The sessions of one test, which end with it and may not have made ncclient complain. */
export class NcclientSessions {
  readonly #clients: Ncclient[] = [];

  async login(login: Parameters<typeof Ncclient.connect>[0]): Promise<Ncclient> {
    const client = await Ncclient.connect(login);
    this.#clients.push(client);
    return client;
  }

  /** @returns what ncclient complained of, a text a session */
  async stop(): Promise<string[]> {
    const clients = this.#clients.splice(0);
    const complaints = clients.map((client) => client.complaints);
    for (const client of clients) await client.stop();
    return complaints;
  }
}

/** An RPC of a generated module, as XML. Values are leaves; nested records are containers. */
export type Leaves = { readonly [name: string]: string | Leaves };
export function rpcXml(namespace: string, name: string, leaves: Leaves): string {
  return `<${name} xmlns="${namespace}">${leavesXml(leaves)}</${name}>`;
}

function leavesXml(leaves: Leaves): string {
  return Object.entries(leaves)
    .map(([name, value]) => `<${name}>${typeof value === 'string' ? value : leavesXml(value)}</${name}>`)
    .join('');
}

/** The text of the first element of that name in a reply. */
export function leafOf(reply: string | undefined, name: string): string | undefined {
  return new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`).exec(reply ?? '')?.[1];
}
