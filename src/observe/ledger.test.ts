import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ledger } from './ledger.ts';

const what = { stepId: '3', name: 'count', kind: 'transfer' } as const;
const declared = { ...what, to: ['bob', 'carol'] };
const disclosure = (to: string) => ({ ...what, to: [to], type: 'number', bytes: 8 });

describe('the ledger of a party', () => {
  it('lists each receiver when something left for it, and the others with the reason', () => {
    const ledger = new Ledger();
    ledger.take({ news: 'declared', declared });
    ledger.take({ news: 'disclosed', disclosure: disclosure('bob') });
    ledger.take({ news: 'withheld', stepId: '3', to: ['carol'], reason: 'party-lost' });
    assert.deepEqual(ledger.disclosures, [{ ...disclosure('bob'), partial: true }]);
    assert.deepEqual(ledger.withheld(true), [{ ...what, to: ['carol'], reason: 'party-lost' }]);
    ledger.take({ news: 'disclosedWhole', stepId: '3' });
    assert.deepEqual(ledger.disclosures, [disclosure('bob')]);
  });

  it('believes that something left, whatever was said of it before', () => {
    const ledger = new Ledger();
    ledger.take({ news: 'declared', declared });
    ledger.take({ news: 'withheld', stepId: '3', to: ['bob', 'carol'], reason: 'scope-failed' });
    for (const party of ['carol', 'bob']) ledger.take({ news: 'disclosed', disclosure: disclosure(party) });
    assert.deepEqual(ledger.disclosures[0]?.to, ['carol', 'bob']);
    assert.deepEqual(ledger.withheld(true), []);
  });

  it('has a reason for everything that was declared, and forgets what was not to be sent from here', () => {
    const ledger = new Ledger();
    ledger.take({ news: 'declared', declared });
    ledger.take({ news: 'declared', declared: { ...declared, stepId: '4' } });
    ledger.take({ news: 'withheld', stepId: '4', to: ['bob', 'carol'], reason: null });
    assert.deepEqual(ledger.withheld(true), [{ ...declared, reason: 'run-failed' }]);
    assert.deepEqual(ledger.withheld(false), [{ ...declared, reason: 'scope-failed' }]);
  });
});
