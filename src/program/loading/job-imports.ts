/**
 * What a job loads once it is loaded. A file that was hashed before the start is let through; any other was not
 * compared with the other parties', and is refused. Every way that code of the job has is watched: `import()`,
 * `require`, and `createRequire`.
 */
import { createRequire, isBuiltin } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JitiOptions } from 'jiti';
import { createJiti } from 'jiti';
import { UsageError } from '../../base/errors.ts';
import { isExempt, nameOf } from './job-files.ts';
import { isOfPrivity, loadPublicModule, publicModules } from './public-modules.ts';

/** The name by which compiled code of a job finds its watch. */
const WATCH = 'privity:imports';
/** What starts runs: a job is what they run. */
const CONTROL = 'privity/control';

type Import = (name: string, ...more: unknown[]) => Promise<unknown>;
type ResolveImport = (name: string) => unknown;

interface Loads {
  extensions: Record<string, ((module: NodeModule, path: string) => unknown) | undefined>;
}

/** By file: the watch of the job that it belongs to. Native loads have one way through the whole process. */
const watched = new Map<string, ImportWatch>();
let isWatchingLoads = false;

export class ImportWatch {
  readonly #job: string;
  /** Files that an `import()` has asked for while the job was loaded: it may come to them only later. */
  readonly asked = new Set<string>();
  #known: ReadonlySet<string> | null = null;

  constructor(job: string) {
    this.#job = job;
    // The job is loaded again, maybe with other files.
    for (const [file, watch] of watched) if (watch.#job === job) watched.delete(file);
  }

  /** Options that make jiti's code ask this watch. */
  options(): JitiOptions & { readonly virtualModules: Record<string, unknown> } {
    const compiler = createJiti(this.#job, { fsCache: false });
    // The compiler loads itself now, so that it is not taken for a part of the job.
    compiler.transform({ source: '', filename: this.#job });
    const importer = (load: Import, resolve: ResolveImport): Import => this.#importer(load, resolve);
    return {
      fsCache: false,
      moduleCache: true,
      virtualModules: Object.assign(publicModules(), { [CONTROL]: refusedModule(), [WATCH]: { importer } }),
      transform: (options) => {
        if (options.filename !== undefined) this.check(options.filename);
        return { code: watchedCode(compiler.transform(options)) };
      },
    };
  }

  /** The job is loaded: from now on only these files may be. */
  seal(known: ReadonlySet<string>): void {
    this.#known = known;
    for (const file of known) watched.set(file, this);
    watchLoads();
  }

  /** @throws {UsageError} PRIVITY_JOB_LATE_IMPORT */
  check(path: string): void {
    const folder = dirname(this.#job);
    if (this.#known === null || this.#known.has(path) || isExempt(folder, path)) return;
    throw new UsageError(
      'PRIVITY_JOB_LATE_IMPORT',
      `The job loads ${nameOf(folder, path)} while it runs, and that file was not compared with the other parties' before the start. Import it at the top of the job, or with a text in the code: import('./name.ts').`,
    );
  }

  #importer(load: Import, resolve: ResolveImport): Import {
    return async (name, ...more) => {
      if (name === CONTROL) throw refused();
      if (isOfPrivity(name)) await loadPublicModule(name);
      const path = pathOf(name, resolve);
      if (path !== undefined) {
        if (this.#known === null) this.asked.add(path);
        this.check(path);
      }
      return load(name, ...more);
    };
  }
}

const refused = (): UsageError =>
  new UsageError(
    'PRIVITY_JOB_LOAD_FAILED',
    `The job imports ${CONTROL}, which is for programs that start runs; a job imports privity.`,
  );

/** Taking anything from it is refused, be it by the compiler for the job. */
const refusedModule = (): object =>
  new Proxy(
    {},
    {
      get: () => {
        throw refused();
      },
    },
  );

/**
 * The file that a name stands for; undefined for modules of Node and of Privity, and where nothing is found, which the
 * load will say.
 */
function pathOf(name: string, resolve: ResolveImport): string | undefined {
  if (typeof name !== 'string' || isOfPrivity(name) || name === WATCH || isBuiltin(name)) return undefined;
  try {
    const found = String(resolve(name));
    if (found.startsWith('file:')) return fileURLToPath(found);
    return isBuiltin(found) || found.startsWith('data:') ? undefined : found;
  } catch {
    return undefined;
  }
}

/** On one line, so that lines keep their numbers. */
function watchedCode(code: string): string {
  const [strict = ''] = /^"use strict";/.exec(code) ?? [];
  const watch = `jitiImport = require(${JSON.stringify(WATCH)}).importer(jitiImport, jitiESMResolve);`;
  return `${strict}${watch}${code.slice(strict.length)}`;
}

/** What files of a job, or of its packages, load without the compiler: CommonJS and JSON. */
function watchLoads(): void {
  if (isWatchingLoads) return;
  isWatchingLoads = true;
  const { extensions } = createRequire(import.meta.url) as unknown as Loads;
  for (const extension of ['.js', '.json']) {
    const load = extensions[extension];
    extensions[extension] = (module, path) => {
      const parent = (module as { parent?: { filename?: string | null } | null }).parent?.filename;
      if (parent) watched.get(parent)?.check(path);
      return load?.(module, path);
    };
  }
}
