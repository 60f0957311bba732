// Makes the language's built-ins read-only before machine code loads, so that it can't reach through them into our code or Node's.
//
// Without it, a replaced `Map.prototype.set` would be handed our sessions and fetch's connections, and a setter on `Object.prototype`
// whatever Node assigns. Freezing whole objects costs nothing: V8 keeps its fast paths, which it gives up when single properties are
// redefined. `RegExp.prototype` is left as it is, since frozen it makes `replace` ten times as slow, and only text passes through it.

const { defineProperty, freeze, getOwnPropertyDescriptor, getPrototypeOf, hasOwn } = Object;
const { ownKeys } = Reflect;

/** Globals of ECMAScript itself, and `Buffer`. Web APIs and `Intl` are not among them: what they are given is the machine's own. */
const intrinsics = [
  ...[
    "Object",
    "Function",
    "Array",
    "String",
    "Boolean",
    "Number",
    "BigInt",
    "Symbol",
    "Date",
    "RegExp",
    "Promise",
    "Proxy",
  ],
  ...["Error", "AggregateError", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"],
  ...["SuppressedError", "DisposableStack", "AsyncDisposableStack", "Iterator", "Reflect", "JSON", "Math", "Atomics"],
  ...[
    "Map",
    "Set",
    "WeakMap",
    "WeakSet",
    "WeakRef",
    "FinalizationRegistry",
    "ArrayBuffer",
    "SharedArrayBuffer",
    "DataView",
  ],
  ...["Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array"],
  ...["BigInt64Array", "BigUint64Array", "Float16Array", "Float32Array", "Float64Array", "WebAssembly", "globalThis"],
  ...["eval", "isFinite", "isNaN", "parseFloat", "parseInt", "escape", "unescape"],
  ...["decodeURI", "decodeURIComponent", "encodeURI", "encodeURIComponent", "Buffer"],
];

/**
 * Left open: code adds `BigInt.prototype.toJSON` and `Error.prepareStackTrace`, sets `Error.stackTraceLimit`; nothing of ours passes
 * through them. For `RegExp.prototype` see above.
 */
const open: readonly object[] = [BigInt.prototype, Error, RegExp.prototype];

/** Code adds members of its own to these; what they have is locked one by one. */
const extensible: readonly object[] = [Reflect, Symbol];

/** Prototypes whose members ordinary code overrides by assigning to an object that inherits them. */
const overridden: readonly object[] = [
  Object.prototype,
  Function.prototype,
  ...[Error, AggregateError, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(
    (each) => each.prototype,
  ),
];

/** @param more objects of the platform that deserve the same, prototypes and all */
export function lockIntrinsics(more: readonly object[]): void {
  const seen = new Set<unknown>([globalThis, ...open]);
  for (const prototype of overridden) allowOverriding(prototype);
  for (const name of intrinsics) {
    const descriptor = getOwnPropertyDescriptor(globalThis, name);
    if (descriptor) defineProperty(globalThis, name, { value: readGlobal(name), writable: false, configurable: false });
    lock(readGlobal(name), seen);
  }
  for (const sample of [...samples(), ...more]) lock(getPrototypeOf(sample), seen);
}

function readGlobal(name: string): unknown {
  return Reflect.get(globalThis, name);
}

/** Objects whose prototypes no global leads to. */
function samples(): object[] {
  const values = [].values() as unknown as { map(f: (value: unknown) => string): object };
  const { from } = readGlobal("Iterator") as { from(iterator: object): object };
  return [
    ...[values, new Map().values(), new Set().values(), "".matchAll(/./g), ""[Symbol.iterator]()],
    ...[values.map(String), from({ next: () => ({ done: true, value: undefined }) })],
    ...[function* () {}, async function* () {}, async () => {}, (function* () {})(), (async function* () {})()],
  ];
}

/** Freezes what `value` is, what it inherits from, and the functions and classes it holds. */
function lock(value: unknown, seen: Set<unknown>): void {
  if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return;
  seen.add(value);
  lock(getPrototypeOf(value), seen);
  // A method holds nothing but its name and length.
  if (typeof value === "function" && !hasOwn(value, "prototype") && ownKeys(value).length === 2) {
    freeze(value);
    return;
  }
  for (const key of ownKeys(value)) {
    const descriptor = getOwnPropertyDescriptor(value, key);
    lock(descriptor?.value, seen);
    lock(descriptor?.get, seen);
    lock(descriptor?.set, seen);
  }
  if (extensible.includes(value)) lockMembers(value);
  else freeze(value);
}

function lockMembers(value: object): void {
  for (const key of ownKeys(value)) defineProperty(value, key, { writable: false, configurable: false });
}

/**
 * A read-only property forbids objects that inherit it to have their own by assignment, as in `this.name = "MyError"`. An accessor doesn't:
 * its setter gives the object a property of its own.
 */
function allowOverriding(prototype: object): void {
  for (const key of ownKeys(prototype)) {
    const { value, writable } = getOwnPropertyDescriptor(prototype, key) ?? {};
    if (typeof key !== "string" || !writable) continue;
    defineProperty(prototype, key, {
      get: () => value,
      set(this: unknown, own: unknown) {
        if (this === prototype)
          throw new TypeError(
            `the built-in ${key} can't be replaced: machine code finds the language's built-ins read-only`,
          );
        defineProperty(Object(this), key, { value: own, writable: true, enumerable: true, configurable: true });
      },
      enumerable: false,
      configurable: false,
    });
  }
}
