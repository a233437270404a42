/**
 * A network like SCIERA, the SCION network of research and education (ISD 71). Facts: the AS numbers and names of the
 * first thirteen and the links marked so, from SEED Labs' emulation of SCIERA, and the two further numbers of KREONET from SCION's
 * registry of AS numbers; that SWITCH, SingAREN and WACREN take part, from the ZISC project page. Assumed: the other
 * links, the numbers of these three (their BGP numbers), the towns of KREONET's further ASes, and all rates.
 */
import { layPlaces, type PlacedAs, type PlacedLink } from "./placed.ts";
import { preset } from "./parameters.ts";

const GBIT = 1_000_000_000;

const ASES: readonly PlacedAs[] = [
  ["71-2:0:35", "core", "BRIDGES, McLean", 38.93, -77.18],
  ["71-20965", "core", "GEANT, Frankfurt", 50.11, 8.68],
  ["71-2:0:3e", "core", "KISTI Amsterdam", 52.37, 4.9],
  ["71-2:0:3d", "core", "KISTI Singapore", 1.35, 103.82],
  ["71-2:0:3b", "core", "KISTI Daejeon", 36.35, 127.38],
  ["71-2:0:3f", "core", "KISTI Chicago", 41.88, -87.63],
  ["71-2:0:48", "leaf", "Equinix, Ashburn", 39.04, -77.49],
  ["71-225", "leaf", "University of Virginia, Charlottesville", 38.03, -78.51],
  ["71-88", "leaf", "Princeton", 40.34, -74.66],
  ["71-2:0:49", "leaf", "CybExer, Tallinn", 59.44, 24.75],
  ["71-1140", "leaf", "SIDN Labs, Arnhem", 51.98, 5.91],
  ["71-2:0:4a", "leaf", "OVGU, Magdeburg", 52.14, 11.64],
  ["71-2546", "leaf", "Demokritos, Athens", 38.0, 23.82],
  ["71-2:0:3c", "core", "KREONET Hong Kong", 22.32, 114.17],
  ["71-2:0:40", "core", "KREONET Seattle", 47.61, -122.33],
  ["71-559", "leaf", "SWITCH, Zurich", 47.38, 8.53],
  ["71-23855", "leaf", "SingAREN, Singapore", 1.3, 103.79],
  ["71-37288", "leaf", "WACREN, Accra", 5.6, -0.19],
];

const KNOWN_LINKS: readonly PlacedLink[] = [
  ["71-2:0:35", "71-20965", "core"],
  ["71-2:0:35", "71-20965", "core"],
  ["71-20965", "71-2:0:3e", "core"],
  ["71-20965", "71-2:0:3d", "core"],
  ["71-2:0:3b", "71-2:0:3e", "core"],
  ["71-2:0:3b", "71-2:0:3d", "core"],
  ["71-2:0:3b", "71-2:0:3f", "core"],
  ["71-2:0:35", "71-2:0:48", "child"],
  ["71-2:0:35", "71-225", "child"],
  ["71-2:0:35", "71-88", "child"],
  ["71-20965", "71-2:0:49", "child"],
  ["71-20965", "71-1140", "child"],
  ["71-20965", "71-2:0:4a", "child"],
  ["71-20965", "71-2546", "child"],
];

const ASSUMED_LINKS: readonly PlacedLink[] = [
  ["71-2:0:3b", "71-2:0:3c", "core"],
  ["71-2:0:3c", "71-2:0:3d", "core"],
  ["71-2:0:3b", "71-2:0:40", "core"],
  ["71-2:0:40", "71-2:0:3f", "core"],
  ["71-2:0:3f", "71-2:0:3e", "core"],
  ["71-2:0:35", "71-2:0:3f", "core"],
  ["71-20965", "71-559", "child"],
  ["71-2:0:3e", "71-559", "child"],
  ["71-2:0:3d", "71-23855", "child"],
  ["71-20965", "71-37288", "child"],
];

const RATES = { core: 10 * GBIT, child: GBIT, peer: GBIT };

export const SCIERA = preset("like SCIERA: 18 research networks around the world in ISD 71", {}, () =>
  layPlaces("sciera", { ases: ASES, links: [...KNOWN_LINKS, ...ASSUMED_LINKS], rates: RATES }),
);
