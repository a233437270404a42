import test from "ava";
import fc from "fast-check";
import { fibreDelay, greatCircleKm } from "./geography.ts";

const RADIUS_KM = 6_371.0088;
const place = fc.record({
  lat: fc.double({ min: -90, max: 90, noNaN: true }),
  lon: fc.double({ min: -180, max: 180, noNaN: true }),
});

test("arcs that need no formula: a degree, a quarter and half of a great circle", (t) => {
  const circle = 2 * Math.PI * RADIUS_KM;
  const arcs = [
    [{ lat: 0, lon: 10 }, { lat: 0, lon: 11 }, circle / 360],
    [{ lat: 52, lon: 3 }, { lat: 51, lon: 3 }, circle / 360],
    [{ lat: 90, lon: 0 }, { lat: 0, lon: 77 }, circle / 4],
    [{ lat: 10, lon: 20 }, { lat: -10, lon: -160 }, circle / 2],
    [{ lat: 0, lon: 179.5 }, { lat: 0, lon: -179.5 }, circle / 360],
    [{ lat: 48, lon: 8 }, { lat: 48, lon: 8 }, 0],
  ] as const;
  for (const [from, to, km] of arcs) t.true(Math.abs(greatCircleKm(from, to) - km) < 1e-3, `${km} km`);
});

test("any two places: as the haversine formula with the engine's own functions says, either way", (t) => {
  const property = fc.property(place, place, (from, to) => {
    const radians = (degrees: number): number => (degrees * Math.PI) / 180;
    const square =
      Math.sin(radians(to.lat - from.lat) / 2) ** 2 +
      Math.cos(radians(from.lat)) * Math.cos(radians(to.lat)) * Math.sin(radians(to.lon - from.lon) / 2) ** 2;
    const km = 2 * RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(square)));
    // Near the other end of the globe the sine is flat: its last digit is worth 0.2 m.
    t.true(Math.abs(greatCircleKm(from, to) - km) < 1e-3);
    t.true(Math.abs(greatCircleKm(to, from) - km) < 1e-3);
  });
  fc.assert(property, { numRuns: 500 });
});

test("London to New York is 5570 km, in fibre 27.9 ms; neighbours in one town are 100 us apart", (t) => {
  const [london, newYork] = [
    { lat: 51.5074, lon: -0.1278 },
    { lat: 40.7128, lon: -74.006 },
  ];
  t.is(Math.round(greatCircleKm(london, newYork)), 5_570);
  t.is(fibreDelay(london, newYork), 27_870_000);
  t.is(fibreDelay(london, { lat: 51.51, lon: -0.13 }), 100_000);
});
