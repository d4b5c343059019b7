// The examples as `npm start` and `npm run demo:failure` run them.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './ensure-installed.mjs';

export const cli = join(root, 'dist/src/cli/main.js');
export const example = join(root, 'examples/shared-patients');
export const jointModel = join(root, 'examples/joint-risk-model');

/** What the main example is about, for the person who starts it: by its job file. */
export const jointModelAbout = {
  'job.ts': `Two hospitals, alice and bob, have treated the same patients: each has half of the measurements, bob also the diagnoses. They train one
model on both halves, and neither sees a number of the other. carol, who has no data, helps to compute and learns nothing but the result.`,
  'two-parties.ts': `Two hospitals, alice and bob, have treated the same patients: each has half of the measurements, bob also the diagnoses. They train one
model on both halves without anybody else, and neither sees a number of the other.`,
};

/**
 * Arguments of `privity local` for the shared patients.
 * @param {string} output folder for the tables that alice and bob write
 * @returns {string[]}
 */
export function exampleArguments(output) {
  return ['local', join(example, 'job.ts'), ...inputs(example, output, 'output', 'csv')];
}

/**
 * Arguments of `privity local` for the joint risk model.
 * @param {string} output folder for the coefficients, if a party is given them
 * @param {string} job its file: with a third party that helps to compute, or without
 * @returns {string[]}
 */
export function jointModelArguments(output, job = 'job.ts') {
  return ['local', join(jointModel, job), ...inputs(jointModel, output, 'model', 'json')];
}

function inputs(folder, output, setting, extension) {
  mkdirSync(output, { recursive: true });
  return ['alice', 'bob'].flatMap((party) => [
    '--inputs',
    `${party}.table=${join(folder, 'data', `${party}.csv`)}`,
    '--inputs',
    `${party}.${setting}=${join(output, `${party}.${extension}`)}`,
  ]);
}
