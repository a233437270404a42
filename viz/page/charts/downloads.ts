/** A chart as a file: SVG that needs nothing else, PNG of it in twice its size, its data as CSV. */
import type { Markup } from "../../charts/markup.ts";
import { paperCss } from "../../charts/palette.ts";

const SVG = "http://www.w3.org/2000/svg";
/** Pixels of a PNG for one of the chart. */
const PIXELS = 2;

/** Markup of an SVG as an element. */
export function svgElement({ html }: Markup): SVGSVGElement {
  const text = html.replace("<svg ", `<svg xmlns="${SVG}" `);
  return document.importNode(
    new DOMParser().parseFromString(text, "image/svg+xml").documentElement,
    true,
  ) as Element as SVGSVGElement;
}

/** The chart with its styles in it, in light colours, and of the size it was drawn in. */
export function standaloneSvg(markup: Markup, title: string): string {
  const svg = svgElement(markup);
  const { width, height } = svg.viewBox.baseVal;
  // Lines may reach a little beyond the plot, titles above it.
  const [margin, head] = [8, 30];
  svg.setAttribute("viewBox", `${-margin} ${-head} ${width + 2 * margin} ${height + head + margin}`);
  svg.setAttribute("width", String(width + 2 * margin));
  svg.setAttribute("height", String(height + head + margin));
  const style = document.createElementNS(SVG, "style");
  style.textContent = paperCss();
  const heading = document.createElementNS(SVG, "text");
  heading.setAttribute("class", "bold");
  heading.setAttribute("y", "-10");
  heading.textContent = title;
  svg.prepend(style);
  svg.append(heading);
  return new XMLSerializer().serializeToString(svg);
}

/** @throws where the browser cannot draw it (no memory for the canvas). */
export async function pngOf(svg: string): Promise<Blob> {
  const image = new Image();
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth * PIXELS;
    canvas.height = image.naturalHeight * PIXELS;
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done, fail) => {
      canvas.toBlob((blob) => (blob === null ? fail(new Error("the picture is too large")) : done(blob)), "image/png");
    });
  } finally {
    URL.revokeObjectURL(url);
  }
}

export function saveFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Fit for a file: `goodput-f1.csv`. */
export function fileName(title: string, kind: string): string {
  const words = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return `${words.replaceAll(/^-+|-+$/g, "").slice(0, 60) || "chart"}.${kind}`;
}
