// How long a move takes until power is known, in a browser: node latency.mjs URL [MOVES]
import { browse, check, finish } from "./browser.mjs";

const [url, moves = "200"] = process.argv.slice(2);
const quantile = (list, q) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.ceil(q * list.length) - 1)];

await browse({}, async ({ page, problems }) => {
  await page.goto(url);
  await page.waitForFunction(() => state.shown?.done, null, { timeout: 120_000 });
  /// Moves a number and hands back the milliseconds until power was on screen with an error.
  const time = (path, value, name) => page.evaluate(async ([path, value, name]) => {
    performance.clearMeasures(name);
    const lever = levers.get(path);
    const box = lever.element.querySelector("input[type=number]");
    box.value = value;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    for (;;) {
      if (document.querySelector(".lever.bad")) throw new Error(document.querySelector(".lever.bad").textContent);
      const found = performance.getEntriesByName(name, "measure").at(-1);
      const move = performance.getEntriesByName("move", "mark").at(-1);
      if (found && move && found.startTime === move.startTime) return [found.duration, found.detail];
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }, [path, String(value), name]);

  const many = async (what, path, values, name) => {
    await page.evaluate(() => document.getElementById("reset").click());
    await page.waitForFunction(() => state.shown.set.length === 0 && state.shown.done, null, { timeout: 120_000 });
    const taken = [];
    for (const value of values) {
      const [duration] = await time(path, value, name);
      taken.push(duration);
      // As a person does: the next move comes after a look at the number.
      await page.waitForTimeout(120);
    }
    const [median, p95] = [quantile(taken, 0.5), quantile(taken, 0.95)];
    console.log(`${what}: ${taken.length} moves, median ${median.toFixed(0)} ms, 95th percentile ${p95.toFixed(0)} ms, longest ${Math.max(...taken).toFixed(0)} ms`);
    return p95;
  };
  const plain = Array.from({ length: Number(moves) }, (_, k) => 300 + 2 * ((37 * k) % 130));
  check("no new solve: MCSE 0.01 within 200 ms", (await many("patients", "trial.patients", plain, "power at 0.01")) <= 200);
  const anchors = Array.from({ length: 20 }, (_, k) => (0.42 + 0.007 * ((7 * k) % 20)).toFixed(3));
  check("an anchor solved anew: within 700 ms", (await many("control risk", "population.anchor.0.risk", anchors, "power at 0.01")) <= 700);
  const effects = Array.from({ length: 20 }, (_, k) => (0.65 + 0.01 * ((7 * k) % 20)).toFixed(3));
  check("an effect solved anew: within 700 ms", (await many("effect", "arm.ecls.effect.death_from_shock.such_that.risk_ratio", effects, "power at 0.01")) <= 700);
  await page.evaluate(() => { state.replicates = 100000; });
  const [fine, replicates] = await time("trial.patients", 420, "power at 0.002");
  await page.evaluate(() => document.getElementById("reset").click());
  await page.evaluate(() => { state.replicates = 100000; });
  const again = [];
  for (let k = 0; k < 5; k += 1) again.push((await time("trial.patients", 400 + 2 * k, "power at 0.002"))[0]);
  const [first] = await time("trial.patients", 430, "power at 0.01");
  console.log(`MCSE 0.002 after ${replicates} replicates in ${fine.toFixed(0)} ms, then ${again.map((ms) => ms.toFixed(0)).join(", ")} ms; from 0.01 on ${(1000 * (replicates - 2500) / (quantile(again, 0.5) - first)).toFixed(0)} replicates per second`);
  check("nothing went wrong", problems.length === 0, problems);
});
finish();
