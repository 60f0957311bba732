// JSONPath (RFC 9535) over JSON values: what index selectors and claim mappings are written in.

import { JSONPathEnvironment, JSONPathError, JSONPathNodeList, type JSONPathQuery, jsonpath } from "json-p3";
import type { Json } from "./json.ts";
import { maxJsonDepth } from "./json.ts";

export interface JsonPath {
  /** The selected values, in document order. Never throws: a query that takes too many steps on a value selects nothing of it. */
  select(value: Json): Json[];
  /** Whether it can select one value at most, whatever it is asked about: RFC 9535 calls that a singular query. */
  readonly isSingular: boolean;
}

type Expression = InstanceType<typeof jsonpath.expressions.FilterExpression>;
type Node = Parameters<InstanceType<typeof jsonpath.JSONPathSelector>["resolve"]>[0];

/** Longest query: one that a person wrote is far shorter. */
const maxLength = 512;
/**
 * Most steps of one evaluation; a step is about one value looked at, and this many take some ten milliseconds. Queries run beside the
 * requests, outside the sandbox, and a short one can ask for more work than a day has (`[*,*]` repeated, filters within filters).
 */
const maxSteps = 100_000;

const environment = new JSONPathEnvironment({ strict: true, maxRecursionDepth: maxJsonDepth + 2 });
// Regular expressions of strangers can take exponential time in a single step.
environment.functionRegister.delete("match");
environment.functionRegister.delete("search");

class TooManySteps extends Error {}

class Meter {
  #left = 0;

  reset(): void {
    this.#left = maxSteps;
  }

  charge(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new TooManySteps();
  }
}

/** @throws Error whose message says what is wrong with the text, as the rest of a sentence about it */
export function compileJsonPath(text: string): JsonPath {
  if (text.length > maxLength) throw new Error(`is longer than ${maxLength} characters`);
  const query = parse(text);
  const meter = new Meter();
  meterQuery(query, meter);
  return {
    isSingular: query.singularQuery(),
    select(value) {
      meter.reset();
      try {
        return Array.from(query.lazyQuery(value as Parameters<typeof query.query>[0]), (node) => node.value as Json);
      } catch (error) {
        if (error instanceof TooManySteps || error instanceof JSONPathError) return [];
        throw error;
      }
    },
  };
}

function parse(text: string): JSONPathQuery {
  try {
    return environment.compile(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
    throw new Error(`is not JSONPath as RFC 9535 defines it (the functions match and search left out): ${reason}`);
  }
}

/** Makes every part of the query pay for its work before it does it. */
function meterQuery(query: JSONPathQuery, meter: Meter): void {
  for (const selector of query.segments.flatMap((segment) => segment.selectors)) {
    const resolve = selector.resolve.bind(selector);
    selector.resolve = (node) => {
      // Each result carries its location, a copy as long as the node is deep.
      meter.charge((1 + looksAt(selector, node)) * (1 + (node.location.length >>> 5)));
      return resolve(node);
    };
    if (selector instanceof jsonpath.selectors.FilterSelector) meterExpression(selector.expression, meter);
  }
}

function looksAt(selector: object, { value }: Node): number {
  const { NameSelector, IndexSelector } = jsonpath.selectors;
  return selector instanceof NameSelector || selector instanceof IndexSelector ? 0 : sizeOf(value);
}

function meterExpression(expression: Expression, meter: Meter): void {
  const { FilterQuery, FunctionExtension, InfixExpression, LogicalExpression, PrefixExpression } = jsonpath.expressions;
  if (expression instanceof LogicalExpression) meterExpression(expression.expression, meter);
  else if (expression instanceof PrefixExpression) meterExpression(expression.right, meter);
  else if (expression instanceof FilterQuery) meterQuery(expression.path, meter);
  else if (expression instanceof FunctionExtension) for (const arg of expression.args) meterExpression(arg, meter);
  if (!(expression instanceof InfixExpression)) return;
  const sides = [expression.left, expression.right];
  for (const side of sides) meterExpression(side, meter);
  // Two values are compared in depth; a literal has none.
  if (!expression.logical && !sides.some(isLiteral)) for (const side of sides) weighResult(side, meter);
}

function isLiteral(expression: Expression): boolean {
  return !("path" in expression || "args" in expression);
}

function weighResult(operand: Expression, meter: Meter): void {
  const evaluate = operand.evaluate.bind(operand);
  operand.evaluate = (context) => {
    const result = evaluate(context);
    const compared = result instanceof JSONPathNodeList ? result.values() : [result];
    for (let value = compared.pop(); value !== undefined; value = compared.pop()) {
      meter.charge(typeof value === "string" ? 1 + value.length / 64 : 1 + sizeOf(value));
      if (typeof value === "object" && value !== null) for (const part of Object.values(value)) compared.push(part);
    }
    return result;
  };
}

/** How many members or elements a value has itself. */
function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : 0;
}
