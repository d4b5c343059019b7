import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { namedImports } from './named-imports.ts';

describe('names that a source imports', () => {
  it('are found in every form in which they can stand', () => {
    const source = `
      import a from 'a';
      import 'b';import{x as y}from"c"
      export * from "d";
      import type { T } from 'e';
      import /* why */ f = require('f');
      const g = await import('g'), h = require(\`h\`), i = \`\${require('i')} and \${{ j: \`\${await import("j")}\` }.j}\`;
      const pattern = /["'\`]/; const k = x / y; import('k');
    `;
    assert.deepEqual([...namedImports(source)].sort(), [...'abcdefghijk']);
  });

  it('are none where the words stand for something else', () => {
    const source = `
      // import x from 'a comment'
      /* require('a comment') */
      const text = "import x from 'text'", other = 'require("text")', template = \`from 'template'\`;
      Array.from('letters'); this.require('method'); loader.import('method'); note({ from: 'bob' });
    `;
    assert.deepEqual(namedImports(source), []);
  });

  it('are looked for in a time that grows with the source, whatever it is', () => {
    const size = 500_000;
    const begun = performance.now();
    for (const text of ['import ', '/*', '=/[', '`${', "'", 'import(', '/', '{'])
      namedImports(text.repeat(Math.ceil(size / text.length)));
    namedImports(`import${' '.repeat(size)}`);
    // Some tens of milliseconds each; a time that grows with the square would be hours.
    assert.ok(performance.now() - begun < 30_000);
  });
});
