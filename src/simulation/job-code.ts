/**
 * A job's own files, compiled once and evaluated anew for each party of each run, as each would be in a process of its
 * own: no variable of a module, and no property of `globalThis`, is shared between two parties or two runs. Packages
 * from node_modules and Node's own modules exist once; what is not the same for everyone (time, randomness, the
 * console, the process) is given by the realm.
 */
import { readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';
import { createJiti, type Jiti } from 'jiti';
import { UsageError } from '../base/errors.ts';
import { type LoadedJob, loadJob } from '../program/loading/load-job.ts';
import {
  isOfPrivity,
  loadPublicModules,
  publicModule,
  publicModules,
} from '../program/loading/public-modules.ts';
import { isJob, type Job } from '../program/model/job.ts';
import type { Realm } from './realm.ts';

/**
 * What a compiled file is given: the variables of a CommonJS module, those of the compiler, and the names of a realm.
 */
const MODULE_NAMES = [
  'exports',
  'require',
  'module',
  '__filename',
  '__dirname',
  'jitiImport',
  'jitiESMResolve',
];

type Evaluate = (...names: unknown[]) => void;

interface Own {
  readonly exports: Record<string, unknown>;
}

export class JobCode {
  /** As the supervisors know it: its parties, its hash. */
  readonly loaded: LoadedJob;
  readonly #globalNames: readonly string[];
  readonly #files = new Map<string, Evaluate>();
  readonly #resolved = new Map<string, string>();
  readonly #shared = new Map<string, unknown>();
  readonly #jiti: Jiti;

  private constructor(loaded: LoadedJob, globalNames: readonly string[]) {
    this.loaded = loaded;
    this.#globalNames = globalNames;
    this.#jiti = createJiti(loaded.path, { fsCache: false, virtualModules: publicModules() as never });
  }

  /**
   * @param globalNames the names that every realm gives to the code
   * @throws {UsageError} what `loadJob` finds wrong with the file
   */
  static async load(file: string, globalNames: readonly string[]): Promise<JobCode> {
    const loaded = await loadJob(file);
    // Within a run nothing may wait for the real world.
    await loadPublicModules();
    return new JobCode(loaded, globalNames);
  }

  /** The job as one party of one run has it. */
  evaluate(realm: Realm): Job {
    const modules = new Map<string, Own>();
    const exported = this.#own(this.loaded.path, realm, modules).default;
    if (isJob(exported)) return exported;
    throw new UsageError(
      'PRIVITY_JOB_NOT_A_JOB',
      `${this.loaded.path} gives a job only when it is loaded for the first time.`,
    );
  }

  #own(path: string, realm: Realm, modules: Map<string, Own>): Record<string, unknown> {
    const found = modules.get(path);
    if (found) return found.exports;
    const module: Own = { exports: {} };
    modules.set(path, module);
    const require = (name: string): unknown => this.#require(name, path, realm, modules);
    this.#compiled(path)(
      module.exports,
      require,
      module,
      path,
      dirname(path),
      async (name: string) => require(name),
      (name: string) => this.#resolve(name, path),
      ...this.#globalNames.map((name) => realm.globals[name]),
    );
    return module.exports;
  }

  #require(name: string, from: string, realm: Realm, modules: Map<string, Own>): unknown {
    if (isOfPrivity(name)) return publicModule(name);
    const given = realm.modules[name.replace(/^node:/, '')];
    if (given) return given;
    if (isBuiltin(name)) return this.#once(name, () => createRequire(from)(name));
    const path = this.#resolve(name, from);
    this.loaded.checkImport(path);
    if (path.split(sep).includes('node_modules')) return this.#once(path, () => this.#jiti(path));
    if (path.endsWith('.json')) return JSON.parse(readFileSync(path, 'utf8'));
    return this.#own(path, realm, modules);
  }

  #once(key: string, load: () => unknown): unknown {
    if (!this.#shared.has(key)) this.#shared.set(key, load());
    return this.#shared.get(key);
  }

  #resolve(name: string, from: string): string {
    const key = `${from}\n${name}`;
    const known = this.#resolved.get(key);
    if (known !== undefined) return known;
    const url = this.#jiti.esmResolve(name, { parentURL: from });
    const path = url.startsWith('file:') ? fileURLToPath(url) : url;
    this.#resolved.set(key, path);
    return path;
  }

  #compiled(path: string): Evaluate {
    const known = this.#files.get(path);
    if (known) return known;
    const source = readFileSync(path, 'utf8');
    const code = this.#jiti.transform({
      source,
      filename: path,
      ts: true,
      async: false,
      interopDefault: true,
    });
    const evaluate = compileFunction(code, [...MODULE_NAMES, ...this.#globalNames], { filename: path });
    this.#files.set(path, evaluate as Evaluate);
    return evaluate as Evaluate;
  }
}
