import { stringify } from 'yaml';

/** A new party file, for key and certificate beside it. Without settings it says how they are written. */
export function partyFileText(party: string, settings?: Readonly<Record<string, string | number>>): string {
  const own = {
    party,
    federation: './federation.yaml',
    key: `./${party}.key.pem`,
    certificate: `./${party}.cert.pem`,
    ...(settings && { settings }),
  };
  const hint = [
    '# Private settings that a job may ask for, for example a table:',
    '# settings:',
    '#   table: ./customers.csv',
  ];
  return [
    `# ${party}'s own file: never leaves this machine. Paths count from this folder. See docs/cli.md.`,
    stringify(own).trimEnd(),
    ...(settings ? [] : hint),
    '',
  ].join('\n');
}
