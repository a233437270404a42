/** Cycles of providers and customers, which an inferred list may hold and SCION's child links may not. */
import type { Internet } from "./as-rel-network.ts";

/**
 * The relationships without cycles: within each set of ASes that are all above one another (a strongly connected
 * component), a customer with more customers than its provider, or as many and a lower number, becomes its peer.
 */
export function breakCycles(internet: Internet, warnings: string[]): Internet {
  const component = componentsOf(internet.customers);
  const { numbers, customers } = internet;
  const size = (at: number): number => customers[at]?.length ?? 0;
  const above = (provider: number, customer: number): boolean =>
    size(provider) > size(customer) || (size(provider) === size(customer) && provider < customer);
  const turned = customers.flatMap((list, provider) =>
    list
      .filter((customer) => component[customer] === component[provider] && !above(provider, customer))
      .map((customer) => [provider, customer] as const),
  );
  if (turned.length === 0) return internet;
  warnings.push(`${turned.length} links from provider to customer closed a cycle and became peering links`);
  const gone = new Set(turned.map(([provider, customer]) => `${provider} ${customer}`));
  const peers = internet.peers.map((list) => [...list]);
  for (const [provider, customer] of turned) {
    peers[provider]?.push(customer);
    peers[customer]?.push(provider);
  }
  for (const list of peers) list.sort((left, right) => left - right);
  return {
    numbers,
    peers,
    customers: customers.map((list, provider) => list.filter((one) => !gone.has(`${provider} ${one}`))),
    providers: internet.providers.map((list, customer) => list.filter((one) => !gone.has(`${one} ${customer}`))),
  };
}

/** The strongly connected component of each node (Tarjan, without recursion). */
function componentsOf(next: readonly (readonly number[])[]): readonly number[] {
  const count = next.length;
  const [index, low, component] = [0, 0, 0].map(() => new Int32Array(count).fill(-1)) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const position = new Int32Array(count);
  const stack: number[] = [];
  const path: number[] = [];
  const state = { index: 0, components: 0 };
  const enter = (node: number): void => {
    index[node] = low[node] = state.index++;
    stack.push(node);
    path.push(node);
  };
  const leave = (node: number): void => {
    path.pop();
    const parent = path.at(-1);
    if (parent !== undefined) low[parent] = Math.min(low[parent] as number, low[node] as number);
    if (low[node] !== index[node]) return;
    for (let member = stack.pop(); member !== undefined; member = stack.pop()) {
      component[member] = state.components;
      if (member === node) break;
    }
    state.components++;
  };
  for (let root = 0; root < count; root++) {
    if (index[root] === -1) enter(root);
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const child = next[node]?.[position[node] as number];
      if (child === undefined) leave(node);
      else {
        position[node] = (position[node] as number) + 1;
        if (index[child] === -1) enter(child);
        else if (component[child] === -1) low[node] = Math.min(low[node] as number, index[child] as number);
      }
    }
  }
  return [...component];
}
