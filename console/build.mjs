// Bundles the console into dist/: hashed assets that may be cached for ever, and an index.html that may not.
import { build, context } from "esbuild";
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const watch = process.argv.includes("--watch");
const dist = new URL("dist/", import.meta.url);

/** @type {import("esbuild").BuildOptions} */
const options = {
  absWorkingDir: new URL(".", import.meta.url).pathname,
  entryPoints: { app: "src/main.tsx" },
  outdir: "dist/assets",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: !watch,
  sourcemap: watch ? "inline" : false,
  legalComments: "none",
  loader: { ".ftl": "text" },
  metafile: true,
  logLevel: "warning",
  plugins: [{ name: "page", setup: (plugin) => plugin.onEnd((result) => result.metafile && writePage(result.metafile)) }],
};

/** The licences of what is bundled, served beside it. */
async function writeLicences() {
  const { dependencies } = JSON.parse(await readFile(new URL("package.json", import.meta.url), "utf8"));
  const texts = [];
  for (const name of Object.keys(dependencies)) {
    const folder = new URL(`node_modules/${name}/`, import.meta.url);
    const { version, license } = JSON.parse(await readFile(new URL("package.json", folder), "utf8"));
    const text = await readFile(new URL("LICENSE", folder), "utf8").catch(() => `Licensed under ${license}.\n`);
    texts.push(`${name} ${version} (${license})\n\n${text}`);
  }
  await writeFile(new URL("licences.txt", dist), texts.join(`\n${"-".repeat(80)}\n\n`));
}

async function writePage(metafile) {
  const outputs = Object.entries(metafile.outputs);
  const [script, app] = outputs.find(([, output]) => output.entryPoint === "src/main.tsx");
  const style = app.cssBundle;
  const icon = await readFile(new URL("src/icon.svg", import.meta.url));
  const iconName = `icon-${createHash("sha256").update(icon).digest("hex").slice(0, 8).toUpperCase()}.svg`;
  await writeFile(new URL(`assets/${iconName}`, dist), icon);
  const page = (await readFile(new URL("src/index.html", import.meta.url), "utf8"))
    .replace("{{script}}", script.replace("dist", ""))
    .replace("{{style}}", style.replace("dist", ""))
    .replace("{{icon}}", `/assets/${iconName}`);
  await writeFile(new URL("index.html", dist), page);
  let total = 0;
  for (const [path] of outputs) {
    const size = gzipSync(await readFile(new URL(path, import.meta.url))).length;
    total += size;
    console.log(`${(size / 1024).toFixed(1).padStart(7)} KB gzip  ${path}`);
  }
  console.log(`${(total / 1024).toFixed(1).padStart(7)} KB gzip  in all`);
}

await rm(dist, { recursive: true, force: true });
await mkdir(new URL("assets/", dist), { recursive: true });
await cp(new URL("src/robots.txt", import.meta.url), new URL("robots.txt", dist));
await writeLicences();
if (watch) {
  const watcher = await context(options);
  await watcher.watch();
} else {
  await build(options);
}
