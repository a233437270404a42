/** Style sheets that a part of the page brings along: esbuild gathers them into one. */
declare module "*.css";
