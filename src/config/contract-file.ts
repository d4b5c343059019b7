/** A contract of disclosures as a file beside the job, such as `job.contract.yaml`. */
import { UsageError } from '../base/errors.ts';
import { type Contract, tryContract } from '../observe/contract/contract.ts';
import { formatPath, parseYaml, readTextFile } from './yaml-file.ts';

/** Of a contract of thousands of entries. */
export const CONTRACT_BYTES_MAX = 2 * 1024 * 1024;

/**
 * @throws {UsageError} PRIVITY_CONTRACT_INVALID, PRIVITY_CONFIG_FILE_MISSING, PRIVITY_CONFIG_FILE_UNREADABLE,
 *   PRIVITY_CONFIG_SYNTAX
 */
export async function readContractFile(path: string): Promise<Contract> {
  return parseContract(path, await readTextFile(path, 'contract', CONTRACT_BYTES_MAX));
}

/** @throws {UsageError} PRIVITY_CONTRACT_INVALID, PRIVITY_CONFIG_SYNTAX */
export function parseContract(name: string, text: string): Contract {
  const file = parseYaml(name, text);
  const read = tryContract(file.value);
  if ('contract' in read) return read.contract;
  const { path, text: problem } = read.problem;
  const place = path.length === 0 ? '' : ` ${formatPath(path)}:`;
  throw new UsageError('PRIVITY_CONTRACT_INVALID', `${file.at(path)}:${place} ${problem}`);
}
