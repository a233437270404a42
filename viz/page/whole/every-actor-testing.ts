/** For tests: one small scenario in which an actor of every logic is at work, but for those of programs outside. */
const PAIR = "from: 1-ff00:0:110, to: 1-ff00:0:120, start: 10s";

export const EVERY_ACTOR = `
name: every actor
seed: 7
duration: 14s
topology: diamond
discovery: beaconing
bfd: on
policy: lowest-latency
flows:
  - { id: steady, app: constant-rate, ${PAIR}, rate: 200kbit/s, policy: lowest-rtt }
  - { id: random, app: poisson, ${PAIR}, rate: 200kbit/s, policy: highest-goodput }
  - { id: bursts, app: on-off, ${PAIR}, rate: 400kbit/s, on: 200ms, off: 200ms }
  - { id: gateway, app: gateway, ${PAIR}, listen: "127.0.0.1:5300", forward: "127.0.0.1:5301" }
  - { id: call, app: message-stream, ${PAIR}, message: 160B, interval: 20ms, deadline: 200ms }
  - { id: copy, app: bulk, ${PAIR}, bytes: 50kB }
  - { id: files, app: file-transfer, ${PAIR}, size: 20kB, arrivals: { model: sequential, gap: 1s } }
  - { id: web, app: request-response, ${PAIR}, response: 10kB, think: 200ms }
  - { id: call-2, app: message-stream, ${PAIR}, message: 160B, interval: 20ms, deadline: 200ms, transport: channel }
  - { id: copy-2, app: bulk, ${PAIR}, bytes: 50kB, transport: channel }
  - { id: files-2, app: file-transfer, ${PAIR}, size: 20kB, arrivals: { model: sequential, gap: 1s }, transport: channel }
  - { id: web-2, app: request-response, ${PAIR}, response: 10kB, think: 200ms, transport: channel }
`;
