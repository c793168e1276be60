// A small driver: Debian's Chromium by playwright-core, with what every browser test holds a page to.
//
//   import { browse, check, finish } from "./browser.mjs";
//   await browse({ width: 390 }, async ({ page, problems }) => { … });
//   finish();
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const failures = [];

/// Opens a page, hands it to `use`, closes it. `problems` gathers errors on the console, exceptions of the page,
/// and requests that leave the machine.
export async function browse({ width = 1280, height = 900, ...context }, use) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  try {
    const own = await browser.newContext({ viewport: { width, height }, acceptDownloads: true, ...context });
    const page = await own.newPage();
    const problems = [];
    page.on("console", (line) => line.type() === "error" && problems.push(`console: ${line.text()}`));
    page.on("pageerror", (error) => problems.push(`exception: ${error.message}`));
    page.on("request", (request) => {
      const url = new URL(request.url());
      const local = ["file:", "data:", "blob:", "about:"].includes(url.protocol);
      if (!local && !["127.0.0.1", "localhost", "[::1]"].includes(url.hostname)) {
        problems.push(`request to ${url.href}`);
      }
    });
    return await use({ browser, context: own, page, problems });
  } finally {
    await browser.close();
  }
}

/// What axe-core finds on the page that is serious or critical, one line each.
export async function seriousFindings(page) {
  await page.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations
    .filter((finding) => ["serious", "critical"].includes(finding.impact))
    .flatMap((finding) => finding.nodes.map((node) => `${finding.id}: ${finding.help}: ${node.target.join(" ")}`));
}

/// Prints what was checked; remembers what does not hold.
export function check(what, holds, found = "") {
  console.log(`${holds ? "ok" : "NOT OK"}  ${what}${!holds && found !== "" ? `: ${JSON.stringify(found)}` : ""}`);
  if (!holds) failures.push(what);
}

/// Ends the program: with 1 if anything did not hold.
export function finish() {
  console.log(`${failures.length} failed`);
  process.exit(failures.length === 0 ? 0 : 1);
}
