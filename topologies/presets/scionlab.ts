/**
 * A network like SCIONLab. Facts: the ISDs, the AS numbers and their names, and the links marked so; they stand in
 * the tables and traces of netsec-ethz/scionlab and scion-apps. Assumed: the other links, the AS of ISD 24, which of the
 * AWS ASes are core, the towns where a name does not tell it, and all rates. docs/presets.md says more.
 */
import { layPlaces, type PlacedAs, type PlacedLink } from "./placed.ts";
import { preset } from "./parameters.ts";

const MBIT = 1_000_000;

const ASES: readonly PlacedAs[] = [
  ["16-ffaa:0:1001", "core", "AWS Frankfurt", 50.11, 8.68],
  ["16-ffaa:0:1002", "core", "AWS Ireland, Dublin", 53.35, -6.26],
  ["16-ffaa:0:1003", "core", "AWS US N. Virginia, Ashburn", 39.04, -77.49],
  ["16-ffaa:0:1004", "core", "AWS US Ohio, Columbus", 39.96, -83.0],
  ["16-ffaa:0:1005", "core", "AWS US Oregon, Boardman", 45.84, -119.7],
  ["16-ffaa:0:1006", "core", "AWS Japan, Tokyo", 35.68, 139.69],
  ["16-ffaa:0:1007", "core", "AWS Singapore", 1.35, 103.82],
  ["16-ffaa:0:1008", "leaf", "AWS Oregon non-core, Boardman", 45.84, -119.7],
  ["16-ffaa:0:1009", "leaf", "AWS Frankfurt non-core", 50.11, 8.68],
  ["17-ffaa:0:1101", "core", "SCMN, Zurich", 47.38, 8.54],
  ["17-ffaa:0:1102", "leaf", "ETHZ, Zurich", 47.38, 8.55],
  ["17-ffaa:0:1103", "leaf", "SWITCHEngine Zurich", 47.38, 8.53],
  ["17-ffaa:0:1107", "leaf", "ETHZ-AP, Zurich", 47.38, 8.55],
  ["17-ffaa:0:1108", "leaf", "SWITCH, Zurich", 47.38, 8.53],
  ["18-ffaa:0:1201", "core", "CMU, Pittsburgh", 40.44, -79.94],
  ["18-ffaa:0:1203", "leaf", "Columbia, New York", 40.81, -73.96],
  ["18-ffaa:0:1204", "leaf", "ISG Toronto", 43.65, -79.38],
  ["18-ffaa:0:1206", "leaf", "CMU AP, Pittsburgh", 40.44, -79.94],
  ["19-ffaa:0:1301", "core", "Magdeburg core", 52.13, 11.62],
  ["19-ffaa:0:1302", "core", "GEANT, Amsterdam", 52.37, 4.9],
  ["19-ffaa:0:1303", "leaf", "Magdeburg AP", 52.14, 11.64],
  ["19-ffaa:0:1304", "leaf", "FR@Linode, Frankfurt", 50.11, 8.68],
  ["19-ffaa:0:1305", "leaf", "SIDN, Arnhem", 51.98, 5.91],
  ["19-ffaa:0:1309", "leaf", "Valencia", 39.47, -0.38],
  ["19-ffaa:0:130a", "leaf", "IMDEA Madrid", 40.42, -3.7],
  ["20-ffaa:0:1401", "core", "KISTI Daejeon", 36.35, 127.38],
  ["20-ffaa:0:1402", "core", "KISTI Seoul", 37.57, 126.98],
  ["20-ffaa:0:1403", "leaf", "KAIST, Daejeon", 36.37, 127.36],
  ["20-ffaa:0:1404", "leaf", "KU, Seoul", 37.59, 127.03],
  ["21-ffaa:0:1501", "core", "KDDI, Tokyo", 35.68, 139.75],
  ["22-ffaa:0:1601", "core", "NTU, Taipei", 25.02, 121.54],
  ["23-ffaa:0:1701", "core", "NUS, Singapore", 1.3, 103.77],
  ["24-ffaa:0:1801", "core", "Australia, Sydney", -33.87, 151.21],
  ["25-ffaa:0:1901", "core", "THU, Beijing", 40.0, 116.33],
  ["25-ffaa:0:1902", "leaf", "CUHK, Hong Kong", 22.42, 114.21],
  ["26-ffaa:0:2001", "core", "KREONET2 Worldwide, Daejeon", 36.35, 127.38],
];

const KNOWN_LINKS: readonly PlacedLink[] = [
  ["17-ffaa:0:1101", "19-ffaa:0:1301", "core"],
  ["17-ffaa:0:1101", "19-ffaa:0:1302", "core"],
  ["19-ffaa:0:1301", "19-ffaa:0:1302", "core"],
  ["20-ffaa:0:1401", "20-ffaa:0:1402", "core"],
  ["18-ffaa:0:1201", "17-ffaa:0:1101", "core"],
  ["18-ffaa:0:1201", "19-ffaa:0:1301", "core"],
  ["16-ffaa:0:1006", "20-ffaa:0:1401", "core"],
  ["16-ffaa:0:1005", "16-ffaa:0:1006", "core"],
  ["16-ffaa:0:1001", "16-ffaa:0:1005", "core"],
  ["16-ffaa:0:1006", "16-ffaa:0:1007", "core"],
  ["17-ffaa:0:1101", "17-ffaa:0:1103", "child"],
  ["17-ffaa:0:1103", "17-ffaa:0:1102", "child"],
  ["17-ffaa:0:1102", "17-ffaa:0:1107", "child"],
  ["18-ffaa:0:1201", "18-ffaa:0:1206", "child"],
  ["19-ffaa:0:1301", "19-ffaa:0:1303", "child"],
  ["19-ffaa:0:1301", "19-ffaa:0:1304", "child"],
  ["19-ffaa:0:1303", "19-ffaa:0:1305", "child"],
  ["19-ffaa:0:1304", "19-ffaa:0:1305", "child"],
  ["20-ffaa:0:1401", "20-ffaa:0:1403", "child"],
  ["20-ffaa:0:1402", "20-ffaa:0:1403", "child"],
  ["20-ffaa:0:1402", "20-ffaa:0:1404", "child"],
  ["20-ffaa:0:1403", "20-ffaa:0:1404", "child"],
  ["16-ffaa:0:1005", "16-ffaa:0:1008", "child"],
  ["16-ffaa:0:1001", "16-ffaa:0:1009", "child"],
];

const ASSUMED_LINKS: readonly PlacedLink[] = [
  ["16-ffaa:0:1001", "16-ffaa:0:1002", "core"],
  ["16-ffaa:0:1002", "16-ffaa:0:1003", "core"],
  ["16-ffaa:0:1003", "16-ffaa:0:1004", "core"],
  ["16-ffaa:0:1004", "16-ffaa:0:1005", "core"],
  ["16-ffaa:0:1001", "16-ffaa:0:1007", "core"],
  ["16-ffaa:0:1001", "17-ffaa:0:1101", "core"],
  ["16-ffaa:0:1001", "19-ffaa:0:1302", "core"],
  ["16-ffaa:0:1003", "18-ffaa:0:1201", "core"],
  ["16-ffaa:0:1006", "21-ffaa:0:1501", "core"],
  ["20-ffaa:0:1401", "21-ffaa:0:1501", "core"],
  ["21-ffaa:0:1501", "22-ffaa:0:1601", "core"],
  ["16-ffaa:0:1007", "22-ffaa:0:1601", "core"],
  ["16-ffaa:0:1007", "23-ffaa:0:1701", "core"],
  ["23-ffaa:0:1701", "26-ffaa:0:2001", "core"],
  ["20-ffaa:0:1401", "26-ffaa:0:2001", "core"],
  ["19-ffaa:0:1302", "26-ffaa:0:2001", "core"],
  ["18-ffaa:0:1201", "26-ffaa:0:2001", "core"],
  ["16-ffaa:0:1007", "24-ffaa:0:1801", "core"],
  ["16-ffaa:0:1005", "24-ffaa:0:1801", "core"],
  ["20-ffaa:0:1402", "25-ffaa:0:1901", "core"],
  ["22-ffaa:0:1601", "25-ffaa:0:1901", "core"],
  ["25-ffaa:0:1901", "25-ffaa:0:1902", "child"],
  ["17-ffaa:0:1101", "17-ffaa:0:1108", "child"],
  ["18-ffaa:0:1201", "18-ffaa:0:1203", "child"],
  ["18-ffaa:0:1201", "18-ffaa:0:1204", "child"],
  ["19-ffaa:0:1302", "19-ffaa:0:1309", "child"],
  ["19-ffaa:0:1302", "19-ffaa:0:130a", "child"],
  ["19-ffaa:0:1302", "19-ffaa:0:1303", "child"],
];

const RATES = { core: 500 * MBIT, child: 100 * MBIT, peer: 100 * MBIT };

export const SCIONLAB = preset("like SCIONLab: 36 ASes around the world in ISDs 16 to 26", {}, () =>
  layPlaces("scionlab", { ases: ASES, links: [...KNOWN_LINKS, ...ASSUMED_LINKS], rates: RATES }),
);
