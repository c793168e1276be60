// The page of `shocktrial serve` in a browser: node serve.mjs URL PROGRAM SCENARIO FOLDER
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { browse, check, finish, seriousFindings } from "./browser.mjs";

const [url, program, scenario, folder] = process.argv.slice(2);

const done = (page) => page.waitForFunction(() => state.shown?.done && !document.querySelector(".stale"), null, { timeout: 60_000 });
const shown = (page, key) => page.evaluate((key) => state.shown.numbers.get(key), key);

/// Moves a number by its box, as a person types it, and waits for the whole answer.
async function type(page, path, text) {
  const id = await page.evaluate((path) => { const input = levers.get(path).input(); input.closest("details")?.setAttribute("open", ""); const own = input.closest(".lever").querySelector("input[type=number], input[type=text], select"); return own.id; }, path);
  const before = await page.evaluate(() => state.shown.design);
  await page.locator(`#${id}`).fill(text);
  await page.locator(`#${id}`).blur();
  return { id, before };
}

/// The same number as `shocktrial run` gives it.
function run(...words) {
  const text = execFileSync(program, ["run", ...words, "--json", "--out", join(folder, `out-${Date.now()}`)], { maxBuffer: 1 << 28 });
  const summary = JSON.parse(text);
  return (measure, of = 1) => summary.operating_characteristics.find((m) => m.run === of && m.measure === measure && m.population === "all" && m.look === null);
}

await browse({ permissions: ["clipboard-read", "clipboard-write"] }, async ({ page, problems }) => {
  await page.goto(url);
  await done(page);
  check("the page has the title", (await page.title()).includes("Group sequential designs"), await page.title());
  const file = await shown(page, "power");
  check("power is shown", (await page.locator("#power .value").innerText()).includes(file.text.split(" ")[0]), file);
  check("every lever says where it is from", await page.evaluate(() => [...document.querySelectorAll(".lever .origin")].every((p) => p.textContent.trim().length > 3)));
  check("figures are shown", (await page.locator("#figures figure img").count()) >= 3, await page.locator("#figures figure").count());
  check("figures load", await page.evaluate(async () => { for (const image of document.images) await image.decode(); return [...document.images].every((image) => image.naturalWidth > 100); }));
  check("the protocol is shown", (await page.locator("#sections details").count()) >= 5, await page.locator("#sections details").count());

  // Pin, move, compare.
  await page.locator("#pin").click();
  await type(page, "trial.patients", "300");
  await page.waitForFunction((n) => state.shown.design !== n, await page.evaluate(() => state.pins[0].design));
  await done(page);
  const power = await shown(page, "power");
  check("fewer patients have less power", power.value < file.value, [power.value, file.value]);
  check("the difference is paired", Math.abs(power.differences[0].value - (power.value - file.value)) < 1e-9 && power.differences[0].mcse > 0, power.differences);
  check("what changed stands beside the number", (await page.locator("#power .change").innerText()).includes("v. the file"));
  check("the table has both designs", (await page.locator("#compare tbody tr").count()) === 2);
  check("the lever is marked as moved", (await page.locator(".lever.moved").count()) === 1);

  // The command and the file give the same numbers.
  await page.locator("#copy").click();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  check("the command says what was moved", command.includes("--set trial.patients=300"), command);
  const words = command.split(" ").slice(2);
  const ran = run(...words)("power");
  check("the command gives the same numbers", ran.value === power.value && ran.mcse === power.mcse, [ran, power]);
  const download = page.waitForEvent("download");
  await page.locator("#save").click();
  const copy = join(folder, "explored.toml");
  await (await download).saveAs(copy);
  const again = run(copy)("power");
  check("the downloaded scenario gives the same numbers", again.value === power.value, [again, power]);
  const report = page.waitForEvent("download");
  await page.locator("#report").click();
  check("the report is downloaded", (await (await report).suggestedFilename()).endsWith("_report.html"));

  // A bad value: its message is next to its lever, and what was shown stays.
  const { id } = await type(page, "trial.patients", "1");
  await page.waitForFunction(() => document.querySelector(".lever.bad"));
  const wrong = await page.locator(".lever.bad .wrong").innerText();
  const text = (await page.evaluate(() => fetch("/scenario").then((r) => r.json()))).file;
  check("a bad value is said next to its lever", wrong.length > 10 && (await page.locator(`#${id}`).getAttribute("aria-invalid")) === "true", wrong);
  let message = "";
  try { execFileSync(program, ["check", text, "--set", "trial.patients=1"], { stdio: "pipe" }); } catch (error) { message = String(error.stderr); }
  check("it is the message of the command line", message.toLowerCase().includes(wrong.toLowerCase()), [message, wrong]);
  await page.locator("#reset").click();
  await page.waitForFunction((n) => state.shown.design === n && state.shown.done, await page.evaluate(() => state.file), { timeout: 60_000 });
  check("back to the file, nothing is moved", (await page.locator(".lever.moved").count()) === 0 && (await shown(page, "power")).value === file.value);

  // By keyboard alone: to the first slider, three steps, to the pin and its button.
  await page.locator("body").click({ position: { x: 2, y: 2 } });
  let reached = false;
  for (let step = 0; step < 60 && !reached; step += 1) {
    await page.keyboard.press("Tab");
    reached = await page.evaluate(() => document.activeElement.type === "range");
  }
  check("a slider is reached by Tab", reached);
  for (let step = 0; step < 3; step += 1) await page.keyboard.press("ArrowLeft");
  await page.waitForFunction(() => state.set.size === 1 && state.shown.set.length === 1);
  await done(page);
  check("arrows move it", (await page.locator(".lever.moved").count()) === 1);
  check("the region that is read aloud says the result once", /^Power .* %/.test(await page.locator("#said").innerText()), await page.locator("#said").innerText());

  // Looks of another design.
  await type(page, "trial.design.group_sequential.looks", "0.33, 0.67, 1.0");
  await page.waitForFunction(() => state.shown.set.length === 2);
  await done(page);
  check("looks move the expected patients", (await shown(page, "patients")).value > 0 && (await page.locator("#figure-boundaries").count()) === 1);

  const findings = await seriousFindings(page);
  check("no serious finding of accessibility, light", findings.length === 0, findings);
  check("no problem on the page", problems.filter((p) => !p.includes("422")).length === 0, problems);
});

// A dark page on a phone.
await browse({ width: 375, height: 740, colorScheme: "dark", hasTouch: true, isMobile: true }, async ({ page, problems }) => {
  await page.goto(url);
  await done(page);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check("nothing is wider than a phone", wide <= 375, wide);
  check("power is there on a phone", await page.locator("#power .value").isVisible());
  const findings = await seriousFindings(page);
  check("no serious finding of accessibility, dark and narrow", findings.length === 0, findings);
  check("no problem on a phone", problems.length === 0, problems);
  if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, "phone.png"), fullPage: true });
});

// Two pages at once.
await browse({}, async ({ context, page }) => {
  const other = await context.newPage();
  await Promise.all([page.goto(url), other.goto(url)]);
  await Promise.all([done(page), done(other)]);
  check("two pages show the same", (await shown(page, "power")).value === (await shown(other, "power")).value);
});
finish();
