// Where machine code may connect to, and that it does so by no other way than fetch and WebSocket.
//
// Every connection of a thread goes through `Socket.prototype.connect`, so that is where addresses are judged: those written into a URL,
// those a name resolves to, and those a redirect leads to. Sockets themselves must stay out of reach: one can be opened on any file
// descriptor, the pipe to the server among them. They come from fetch's dispatcher, for which something opaque stands in.

import { BlockList, Socket } from "node:net";
import { Duplex } from "node:stream";
import { sharedLookup } from "./fair-share.ts";

type Family = "ipv4" | "ipv6";
type Subnet = readonly [net: string, prefix: number, family: Family];

/** Link-local addresses, where clouds keep their metadata services, and what other addresses these have; never a machine's business. */
const metadata: readonly Subnet[] = [
  ["169.254.0.0", 16, "ipv4"],
  ["fe80::", 10, "ipv6"],
  ["::169.254.0.0", 112, "ipv6"],
  ["64:ff9b::169.254.0.0", 112, "ipv6"],
  ["2002:a9fe::", 32, "ipv6"],
  ["fd00:ec2::254", 128, "ipv6"],
  ["fd20:ce::254", 128, "ipv6"],
  ["100.100.100.200", 32, "ipv4"],
  ["168.63.129.16", 32, "ipv4"],
  ["192.0.0.192", 32, "ipv4"],
];
/** This machine itself and the networks it may be in. */
const local: readonly Subnet[] = [
  ["127.0.0.0", 8, "ipv4"],
  ["0.0.0.0", 8, "ipv4"],
  ["::", 127, "ipv6"],
  ["::127.0.0.0", 104, "ipv6"],
  ["10.0.0.0", 8, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["fc00::", 7, "ipv6"],
];

/** Addresses that machine code may not connect to; an IPv4 rule holds for the address written as IPv6 too. */
function refusedAddresses(allowLocal: boolean): BlockList {
  const refused = new BlockList();
  for (const [net, prefix, family] of allowLocal ? metadata : [...metadata, ...local])
    refused.addSubnet(net, prefix, family);
  return refused;
}

/** Must run before the built-ins are locked, and before anything has used fetch. */
export function guardNetwork(allowLocal: boolean): void {
  judgeConnections(refusedAddresses(allowLocal));
  hideDispatcher();
}

function judgeConnections(refused: BlockList): void {
  const { connect } = Socket.prototype;
  const { getBuiltinModule } = process;
  const lookup = sharedLookup(() => getBuiltinModule("node:dns").lookup);
  const judged = function (this: Socket & { blockList?: BlockList }, ...args: unknown[]): Socket {
    const [first] = args;
    // Node's own callers pass their arguments in one array.
    const options: unknown = Array.isArray(first) ? first[0] : first;
    if (typeof options !== "object" || options === null || ("path" in options && options.path))
      return this.destroy(new Error("machine code may connect to network addresses only"));
    Object.assign(options, { lookup });
    this.blockList = refused;
    return Reflect.apply(connect as (...args: unknown[]) => Socket, this, args);
  };
  Socket.prototype.connect = judged as Socket["connect"];
}

/** What fetch needs of a dispatcher. */
interface Dispatcher {
  dispatch(options: unknown, handler: object): boolean;
}

/** Where Node's fetch keeps its dispatcher; any code may ask for it. */
const dispatcherKeys: readonly unknown[] = [
  Symbol.for("undici.globalDispatcher.1"),
  Symbol.for("undici.globalDispatcher.2"),
];

/** fetch is loaded when it is first used, makes its dispatcher then, and shows it to everyone through `Object.defineProperty`: that is the moment to swap it. */
function hideDispatcher(): void {
  const native = Object.defineProperty;
  let real: Dispatcher | undefined;
  const opaque = Object.freeze({
    __proto__: null,
    dispatch: Object.freeze(
      (options: unknown, handler: object) => real?.dispatch(options, withoutSocket(handler)) ?? false,
    ),
  });
  Object.defineProperty = function defineProperty<T>(target: T, key: PropertyKey, descriptor: PropertyDescriptor): T {
    if (target !== globalThis || !dispatcherKeys.includes(key)) return native(target, key, descriptor);
    real ??= descriptor.value as Dispatcher;
    return native(target, key, { value: opaque, writable: false, enumerable: false, configurable: false });
  };
}

/** A request that becomes a connection (a WebSocket's) is handed its socket: only what WebSocket needs of it is passed on. */
function withoutSocket(handler: object): object {
  const handing = (name: string) => ({
    value(this: unknown, ...args: unknown[]): unknown {
      const upgraded = args.map((arg) => (arg instanceof Duplex ? facade(arg) : arg));
      return Reflect.apply(Reflect.get(handler, name) as () => void, this, upgraded);
    },
  });
  const names = ["onUpgrade", "onRequestUpgrade"].filter((name) => name in handler);
  return Object.create(handler, Object.fromEntries(names.map((name) => [name, handing(name)]))) as object;
}

function facade(socket: Duplex): object {
  const face = {
    __proto__: null,
    get destroyed() {
      return socket.destroyed;
    },
    on(event: string, listener: (...args: unknown[]) => void) {
      socket.on(event, (...args: unknown[]) => Reflect.apply(listener, face, args));
      return face;
    },
    write: (data: Uint8Array, done?: () => void) => socket.write(data, () => done?.()),
    cork: () => socket.cork(),
    uncork: () => socket.uncork(),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
  };
  return Object.freeze(face);
}
