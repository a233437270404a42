/** What a comparison measures, in the words of its tables. Phases, groups and pairs are those of `RunMeter`. */
import type { Metric } from "../../core/comparison.ts";

export const METRICS: readonly Metric[] = [
  {
    name: "delivered_share",
    label: "delivered",
    description:
      "Data packets of the measured flows sent in the phase that arrived before the run ended, over those sent; retransmissions are packets too, a ping has arrived when its answer is back.",
    unit: "share",
    better: "higher",
    summary: "mean",
  },
  {
    name: "goodput_bps",
    label: "goodput",
    description:
      "Application bits that arrived in the phase over its length: UDP payload of single packets, each once; of connections the bytes handed over in order, each once; of message streams the messages on time; of pings nothing.",
    unit: "bit/s",
    better: "higher",
    summary: "mean",
  },
  {
    name: "latency_p50_ms",
    label: "latency p50",
    description:
      "Median one-way delay of the data packets sent in the phase that arrived; pings, by their round trip, only where nothing else is measured.",
    unit: "ms",
    better: "lower",
    summary: "quantile",
  },
  {
    name: "latency_p95_ms",
    label: "latency p95",
    description: "95th percentile of the same delays.",
    unit: "ms",
    better: "lower",
    summary: "quantile",
  },
  {
    name: "latency_p99_ms",
    label: "latency p99",
    description: "99th percentile of the same delays.",
    unit: "ms",
    better: "lower",
    summary: "quantile",
  },
  {
    name: "fct_p50_ms",
    label: "completion p50",
    description:
      "Median time to complete of the transfers and exchanges begun in the phase; unfinished ones count as later than all others, and where the median falls among them there is no value.",
    unit: "ms",
    better: "lower",
    summary: "quantile",
  },
  {
    name: "fct_p95_ms",
    label: "completion p95",
    description: "95th percentile of the same times, unfinished ones counted alike.",
    unit: "ms",
    better: "lower",
    summary: "quantile",
  },
  {
    name: "unfinished_share",
    label: "unfinished",
    description: "Transfers and exchanges begun in the phase that were given up or not complete when the run ended.",
    unit: "share",
    better: "lower",
    summary: "mean",
  },
  {
    name: "recovery_s",
    label: "recovery",
    description:
      "Time from a disturbance (a fault or a background flow begins) until packets sent in a window of 500 ms are delivered at 95 % of the share of the 5 s before again, after they had fallen below; 0 where they never do, the time to the phase's end where they stay below. Mean over the disturbances of the phase.",
    unit: "s",
    better: "lower",
    summary: "mean",
  },
  {
    name: "switches_per_min",
    label: "switches",
    description:
      "Packets that took another path than the packet of their flow before them, over the flows measured and the minutes of the phase.",
    unit: "1/min",
    better: "lower",
    summary: "mean",
  },
  {
    name: "oscillation_share",
    label: "oscillation",
    description:
      "Share of those switches that go back, within 10 s of the flow's previous switch, to the path that the previous switch left; none without a switch.",
    unit: "share",
    better: "lower",
    summary: "mean",
  },
  {
    name: "probe_bytes",
    label: "probes",
    description:
      "Bytes on the wire, headers included, of the measured pairs' probes, their answers and the receivers' reports, as they leave a host in the phase.",
    unit: "B",
    better: "lower",
    summary: "mean",
  },
  {
    name: "jain",
    label: "fairness",
    description: "Jain's index over the goodput of the measured pairs of hosts; none with fewer than two pairs.",
    unit: "index",
    better: "higher",
    summary: "mean",
  },
  {
    name: "reordered_share",
    label: "reordered",
    description:
      "Data packets sent in the phase that arrived after one of their flow sent later, over those that arrived.",
    unit: "share",
    better: "lower",
    summary: "mean",
  },
];
