/** Rules of this party: made, seen, removed by people who may decide. */
import { z } from 'zod';
import { UsageError } from '../../../base/errors.ts';
import { ruleText } from '../../core/ruling.ts';
import type { Rule } from '../../model/rule.ts';
import type { PrivityNode } from '../../node.ts';
import { type Route, route } from '../route.ts';
import { done, ruleBody, ruleView } from '../words.ts';
import { proposalIdOf } from './proposals.ts';

export const ruleRoutes = (node: PrivityNode): readonly Route[] => [
  route({
    method: 'get',
    path: '/rules',
    right: 'read',
    summary: 'What people of this party have decided about proposals to come.',
    answer: z.object({ rows: z.array(ruleView) }),
    handle: async () => ({ rows: (await node.store.rules.list()).map(view) }),
  }),
  route({
    method: 'get',
    path: '/rules/{id}',
    right: 'read',
    summary: 'One rule.',
    answer: ruleView,
    handle: async ({ path: { id = '' } }) => {
      const rule = await node.store.rules.get(id);
      if (rule === undefined) throw new UsageError('PRIVITY_RULE_UNKNOWN', `there is no rule ${id}`);
      return view(rule);
    },
  }),
  route({
    method: 'post',
    path: '/rules',
    right: 'decide',
    summary: 'Decide about proposals to come. Those that wait are looked at, too.',
    body: ruleBody,
    answer: ruleView,
    handle: async ({ body, caller }) => {
      const { like, within, ...words } = body;
      const named = {
        ...(like === undefined ? {} : { like: await proposalIdOf(node, like) }),
        ...(within === undefined ? {} : { within: await proposalIdOf(node, within) }),
      };
      return view(await node.rules.add({ ...words, ...named }, caller.by));
    },
  }),
  route({
    method: 'delete',
    path: '/rules/{id}',
    right: 'decide',
    summary: 'Remove a rule. What it has decided stands.',
    answer: done,
    handle: async ({ path: { id = '' }, caller }) => {
      await node.rules.remove(id, caller.by);
      return { done: true as const };
    },
  }),
];

const view = (rule: Rule): z.input<typeof ruleView> => ({ ...rule, says: ruleText(rule) });
