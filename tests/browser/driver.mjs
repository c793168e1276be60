// The driver itself: it sees an unlabelled field, an error, an exception and a request that leaves the machine.
import { browse, check, finish, seriousFindings } from "./browser.mjs";

await browse({}, async ({ page, problems }) => {
  await page.setContent("<html lang=en><title>Fine</title><main><h1>Fine</h1><label>A <input></label></main>");
  const none = await seriousFindings(page);
  check("a good page has no serious finding", none.length === 0, none);
  check("a good page has no problem", problems.length === 0, problems);
  await page.setContent(`<html lang=en><title>Bad</title><main><h1>Bad</h1><input>
    <img alt="" src="http://elsewhere.invalid/x.png">
    <script>console.error("oh"); throw new Error("no")</script></main>`);
  const found = await seriousFindings(page);
  check("a field without label is found", found.some((line) => line.startsWith("label")), found);
  for (const what of ["console: oh", "exception: no", "request to http://elsewhere.invalid/x.png"]) {
    check(`it says “${what}”`, problems.includes(what), problems);
  }
});
finish();
