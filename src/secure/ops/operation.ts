/**
 * What an operation of a secure device is: everything that is said of it, beside the code that computes it. Methods of
 * secrets, their checks, what runs, tables of the documentation, compliance cases and leak tests are made from it, so a
 * new operation is one file in this folder, one line in catalogue.ts, and one line of types (`Secret`, in
 * src/program/model/at.ts).
 */
import type { Interval } from '../bounds/interval.ts';
import type { BoundRule } from '../bounds/rule.ts';
import type { Cost } from '../cost.ts';
import type { ProtocolCosts } from '../protocols/protocol.ts';
import type { Dtype } from '../ring/fixed-point.ts';
import type { Shape } from '../ring/shape.ts';
import type { PublicTensor } from '../ring/tensor.ts';
import type { Operand, SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';

/** What is public about a tensor. */
export interface Form {
  readonly shape: Shape;
  readonly dtype: Dtype;
}

/** What is public about an operand. */
export interface OperandForm extends Form {
  readonly secret: boolean;
  /** Of a single public number. */
  readonly number?: number | undefined;
  /** Of a sample: each of the positions of its elements once. */
  readonly order?: true;
}

/**
 * `itself`: the result is as far off as the number, relatively, so each is rounded by a small part of itself at most.
 * `summand`: the result is off by as much as a secret is when it is shared; but something is left of them. `exact`: the
 * operation is given them as they are, and rounds nothing but its result.
 */
export type Publicly = 'itself' | 'summand' | 'exact';

/** What a secret is given beside itself, and what all of them have to be. */
export interface Takes {
  /**
   * How many further operands follow the secret itself; they may be public where `secretsOnly` does not say otherwise.
   * `list`: the first argument is a list of them; `if secret`: it is one, if it is a secret.
   */
  readonly operands: number | 'list' | 'if secret';
  readonly secretsOnly?: boolean;
  /** Types that the secret may have. */
  readonly on: readonly Dtype[];
  /**
   * The type that the other operands must have: the secret's own, or the one given. `numbers`: fixed or integer, also
   * beside the other. `values`: any, but all the same.
   */
  readonly others?: Dtype | 'same' | 'numbers' | 'values';
  /** What fixed point may make of public numbers beside the secret. Default: none of them 0. */
  readonly publicly?: Publicly;
  /** Public operands have no zeros: why they are refused. */
  readonly noZeros?: string;
}

/** A call, as far as everybody knows it: what it costs follows from this. */
export interface Call {
  readonly operands: readonly OperandForm[];
  readonly params: readonly unknown[];
  /** Of the result. */
  readonly shape: Shape;
  readonly fracBits: number;
  /** Of an order: comparisons in each of its levels, which are random. Without, the cost is that of the average. */
  readonly comparisons?: readonly number[];
  /** Of an order: its keys rest on an assumption, which is checked before. */
  readonly keysAssumed?: boolean;
}

/** An interval of words, and the name of what is to lie in it. */
export interface Assumed extends Interval {
  readonly name?: string;
}

/** What the computation is given. */
export interface Given {
  /** The secret itself. */
  readonly x: SecretTensor;
  /** Further operands; of public ones those that are single are numbers. */
  readonly others: readonly Operand[];
  /** The same, all of them tensors. */
  readonly rest: readonly (SecretTensor | PublicTensor)[];
  readonly params: readonly unknown[];
  /** Of the result. */
  readonly shape: Shape;
  /** What the keys of an order are assumed to lie in, and have to be shown to. */
  readonly keysWithin?: Assumed | undefined;
}

export interface PlainTensor extends Form {
  readonly data: Float64Array;
}

/** What the same operation on ordinary floating-point numbers is given. */
export interface PlainInput {
  readonly operands: readonly PlainTensor[];
  /** As the computation is given them: ends of intervals are words. */
  readonly params: readonly unknown[];
  /** Of the result. */
  readonly shape: Shape;
  readonly fracBits: number;
}

/** Numbers from … to, both ends included, in even steps or by an even factor. */
export type Range = readonly [from: number, to: number, spacing?: 'geometric'];

/** A way of calling an operation: a row of the table of costs, and a case of the tests. */
export interface Sample {
  /** How it differs from other ways, for the table; none: a case of the tests only. */
  readonly what?: string;
  readonly operands: readonly OperandForm[];
  readonly params: readonly unknown[];
  /** Domains of the operands on which results are compared with those of plain arithmetic: up to their edges. */
  readonly over: readonly (readonly Range[])[];
  /** What the table divides its bytes by. */
  readonly per: number;
  /**
   * Makes operands that the operation takes of any numbers in their domains: a matrix that has an inverse. Default:
   * any are.
   */
  readonly fit?: (operands: readonly (readonly number[])[]) => readonly (readonly number[])[];
}

/** How large samples are. Tables have other sizes than tests. */
export interface Sizes {
  /** Elements of what is computed one by one. */
  readonly count: number;
  /** What works along an axis has so many rows, of so many elements. */
  readonly rows: number;
  readonly axis: number;
  /** Rows and columns of a matrix. */
  readonly side: number;
  readonly keys: number;
  readonly groups: number;
}

/** `what`: for the pages. */
export interface Opens {
  readonly what: string;
  /** Of this operand, by its place: comparisons of its elements, or its positions, in an order that nobody knows. */
  readonly keys?: number;
  /** One bit in every call, as ledgers name it. */
  readonly bit?: string;
}

export interface Operation {
  /** Of the method, too. */
  readonly name: string;
  readonly takes: Takes;
  /** Shape and type of the result. `params` are public. @throws {UsageError} what does not fit */
  result(forms: readonly Form[], params: readonly unknown[], name: string): Form;
  /**
   * The ends of an interval that `params` say, as words: what its bound and its computation are given in their place.
   */
  readonly ends?: (x: Form, params: readonly unknown[], fracBits: number) => Interval;
  /** Its domain, what is known of its result, and how accurate that is. */
  readonly bounds: BoundRule;
  /** Held by the compliance suite for every protocol. What costs no round is local: it needs nobody. */
  cost(costs: ProtocolCosts, call: Call): Cost;
  /** What members learn beside the result. Default: nothing. */
  readonly opens?: Opens;
  /** Its bound follows from shapes: it rests on nothing that is assumed of operands. */
  readonly fromShapes?: boolean;
  /** It says of its operand what nobody checks. */
  readonly assumes?: boolean;
  /** Its result is in an order that nobody knows, so that plain arithmetic cannot have it. */
  readonly randomOrder?: boolean;
  run(on: Evaluator, given: Given): SecretTensor | Promise<SecretTensor>;
  /** The same on floating-point numbers: what the result should be. */
  plain(input: PlainInput): Float64Array;
  samples(sizes: Sizes): readonly Sample[];
}
