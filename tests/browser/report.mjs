// A report as a reader meets it: on a desk, on a phone, on paper.
//
//   node report.mjs FOLDER
//
// FOLDER is what `shocktrial run` wrote: report.html, and figures/ with what it has to show.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { browse, check, finish, seriousFindings } from "./browser.mjs";

const folder = resolve(process.argv[2]);
const address = pathToFileURL(join(folder, "report.html")).href;
const names = readdirSync(join(folder, "figures")).filter((name) => name.endsWith(".svg"));

await browse({ width: 1280 }, async ({ page, problems }) => {
  await page.goto(address);
  const figures = await page.locator("figure svg").evaluateAll((all) =>
    all.map((svg) => ({
      wide: svg.getBoundingClientRect().width,
      tall: svg.getBoundingClientRect().height,
      says: svg.querySelector("title")?.textContent ?? "",
    })));
  check("every figure of the folder is on the page", figures.length === names.length, [figures.length, names]);
  check("each figure has a size", figures.every((f) => f.wide > 300 && f.tall > 80), figures);
  check("each figure says what it shows", figures.every((f) => f.says.length > 20), figures);

  const places = await page.locator("nav a").evaluateAll((all) => all.map((a) => a.getAttribute("href")));
  check("the contents name the sections", places.length > 10, places);
  for (const place of places) {
    await page.locator(`nav a[href="${place}"]`).click();
    const seen = await page.locator(place).locator("h2").evaluate((heading) => {
      const { top } = heading.getBoundingClientRect();
      return top >= -1 && top < innerHeight;
    });
    check(`the contents lead to ${place}`, seen && page.url().endsWith(place), page.url());
  }

  const tables = await page.locator("table").evaluateAll((all) =>
    all.map((t) => ({
      caption: t.caption?.textContent.trim() ?? "",
      heads: [...t.querySelectorAll("thead th")].every((th) => th.scope === "col"),
    })));
  check("tables have captions and headings", tables.every((t) => t.caption.includes("Table ") && t.heads), tables);

  const [csv] = await Promise.all([page.waitForEvent("download"), page.locator("a[download='table-1.csv']").click()]);
  const text = readFileSync(await csv.path(), "utf8");
  const rows = await page.locator("#table-1 tbody tr").count();
  check("the first table is saved with all its rows", text.trim().split("\r\n").length === rows + 1, text);
  const first = names[0].replace(".svg", "");
  for (const kind of ["png", "svg"]) {
    const link = page.locator(`a[download='${first}.${kind}']`);
    const [file] = await Promise.all([page.waitForEvent("download"), link.click()]);
    const same = statSync(await file.path()).size === statSync(join(folder, "figures", `${first}.${kind}`)).size;
    check(`${first}.${kind} is saved as it is in the folder`, same);
  }

  const findings = await seriousFindings(page);
  check("no serious finding of accessibility", findings.length === 0, findings);
  check("nothing on the console, nothing asked of the network", problems.length === 0, problems);
});

await browse({ width: 390, height: 800 }, async ({ page, problems }) => {
  await page.goto(address);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check("the page of a phone does not run off sideways", wide <= 390, wide);
  check("nothing on the console of a phone", problems.length === 0, problems);
});

// A4 less its margins, at 96 pixels to the inch.
await browse({ width: 680 }, async ({ page }) => {
  await page.emulateMedia({ media: "print" });
  await page.goto(address);
  const cut = await page.locator(".table").evaluateAll((all) =>
    all.filter((t) => t.scrollWidth > t.clientWidth + 2).map((t) => `${t.id}: ${t.scrollWidth} in ${t.clientWidth}`));
  check("no table is cut on paper", cut.length === 0, cut);
  const paper = await page.pdf({ format: "A4" });
  check("it prints", paper.length > 50_000, paper.length);
});
finish();
