// The page of `shocktrial serve`: levers on the left, what comes back on the right. Plain script, nothing else.
"use strict";

const $ = (id) => document.getElementById(id);

/// An element with properties, attributes and children.
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (key in element && !key.startsWith("aria")) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/// Designs that can be pinned.
const MOST_PINS = 4;
/// Milliseconds between two designs asked for while something is dragged.
const PACE = 90;

const state = {
  scenario: null,
  /// Paths moved, in the order they were moved, with what they are set to.
  set: new Map(),
  replicates: null,
  seed: null,
  /// The design on screen: its number, its numbers, how to ask for it.
  shown: null,
  /// The number of the design as the file has it.
  file: null,
  pins: [],
};

// ---- levers ------------------------------------------------------------------------------------------------

const levers = new Map();
let ids = 0;

function buildLevers(scenario) {
  const first = $("first");
  const groups = new Map();
  // What people ask about first comes first, in the order in which they ask.
  const order = [...scenario.levers].sort((a, b) => (a.first ?? Infinity) - (b.first ?? Infinity));
  for (const lever of order) {
    const built = buildLever(lever);
    levers.set(lever.path, built);
    if (lever.first !== null) {
      first.append(built.element);
    } else {
      if (!groups.has(lever.group)) groups.set(lever.group, []);
      groups.get(lever.group).push(built.element);
    }
  }
  for (const [name, elements] of groups) {
    $("more").append(make("details", {}, make("summary", {}, name), ...elements));
  }
  $("more").append(buildSimulation(scenario));
}

/// Replicates and seed.
function buildSimulation(scenario) {
  const whole = (name, key, value, about, most) => {
    const id = `lever-${++ids}`;
    const input = make("input", { id, type: "number", min: key === "seed" ? 0 : 100, max: most, step: 1, value, "aria-describedby": `${id}-origin ${id}-wrong` });
    const wrong = make("p", { id: `${id}-wrong`, className: "wrong" });
    const element = make("div", { className: "lever" },
      make("label", { className: "name", htmlFor: id }, name), make("div", { className: "row" }, input),
      make("p", { id: `${id}-origin`, className: "origin" }, about), wrong);
    input.addEventListener("change", () => {
      const given = Number(input.value);
      state[key] = Number.isInteger(given) && String(given) === input.value.trim() && given !== value ? given : null;
      element.classList.toggle("moved", state[key] !== null);
      moved();
    });
    levers.set(key, { element, wrong, input, show: () => { input.value = state[key] ?? value; element.classList.toggle("moved", state[key] !== null); } });
    return element;
  };
  return make("details", {}, make("summary", {}, "Simulation"),
    whole("Replicates", "replicates", scenario.replicates, `In the file ${scenario.replicates}; ${scenario.most_replicates} at most.`, scenario.most_replicates),
    whole("Seed", "seed", scenario.seed, `In the file ${scenario.seed}. Designs of another seed are not paired with those of this one.`, Number.MAX_SAFE_INTEGER));
}

/// A lever: its name, what moves it, where it is from, what is wrong with it.
function buildLever(lever) {
  const id = `lever-${++ids}`;
  const wrong = make("p", { id: `${id}-wrong`, className: "wrong" });
  const back = make("button", { type: "button", className: "link", hidden: true }, "back to the file");
  back.setAttribute("aria-label", `${lever.label}: back to the file's value`);
  const origin = make("p", { id: `${id}-origin`, className: "origin" }, ...originOf(lever), " ", back);
  const described = { "aria-describedby": `${id}-origin ${id}-wrong` };
  const kind = KINDS[lever.kind](lever, id, described, (text) => set(lever.path, text));
  const title = [lever.label, " ", lever.unit ? make("span", { className: "unit" }, lever.unit) : ""];
  const element = kind.group
    ? make("fieldset", { className: "lever", title: lever.about, ...described }, make("legend", {}, ...title), ...kind.parts, origin, wrong)
    : make("div", { className: "lever", title: lever.about }, make("label", { className: "name", htmlFor: id, id: `${id}-name` }, ...title), ...kind.parts, origin, wrong);
  const show = () => {
    const moved = state.set.has(lever.path);
    element.classList.toggle("moved", moved);
    back.hidden = !moved;
  };
  back.addEventListener("click", () => {
    kind.put(null);
    set(lever.path, null);
    element.querySelector("input, select").focus();
  });
  return { element, wrong, show, put: kind.put, lever, input: () => element.querySelector("input, select") };
}

function originOf(lever) {
  const { mark, text } = lever.source;
  const words = { cited: "cited", assumed: "assumed", usual: "usual", chosen: "chosen" }[mark];
  const value = inFile(lever);
  const stands = lever.line === null ? "" : `In the file ${value}, line ${lever.line}. `;
  return [make("span", { className: `mark ${mark}` }, words), stands, text ? capitalised(text) + (text.endsWith(".") ? "" : ".") : ""];
}

function inFile(lever) {
  switch (lever.kind) {
    case "number": return lever.text;
    case "rules": return `${lever.value.length} rules`;
    case "parts": return lever.parts === 1 ? "1 change" : `${lever.parts} changes`;
    case "flag": return lever.value ? "yes" : "no";
    default: return String(lever.value).replaceAll("_", " ");
  }
}

const capitalised = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/// How each kind of lever looks. `tell` takes the value as TOML, or null for the file's own; `put` shows such a
/// value.
const KINDS = {
  number(lever, id, described, tell) {
    const box = make("input", { id, type: "number", step: "any", value: lever.text, inputMode: "decimal", ...described });
    const slider = make("input", { type: "range", min: lever.least, max: lever.most, step: lever.step, value: lever.value, "aria-labelledby": `${id}-name`, ...described });
    const put = (text) => {
      box.value = text ?? lever.text;
      slider.value = box.value;
    };
    const given = (text) => tell(text === "" || Number(text) === lever.value ? null : text);
    slider.addEventListener("input", () => { box.value = slider.value; given(slider.value); });
    box.addEventListener("input", () => { slider.value = box.value; if (box.validity.valid) given(box.value); });
    return { parts: [make("div", { className: "row" }, slider, box)], put };
  },

  numbers(lever, id, described, tell) {
    const box = make("input", { id, type: "text", value: lever.value, ...described });
    box.addEventListener("change", () => tell(box.value.trim() === lever.value ? null : `[${box.value}]`));
    return { parts: [make("div", { className: "row" }, box)], put: (text) => { box.value = text === null ? lever.value : text.replace(/^\[|\]$/g, ""); } };
  },

  length(lever, id, described, tell) {
    const box = make("input", { id, type: "text", value: lever.value, ...described });
    box.addEventListener("change", () => tell(box.value.trim() === lever.value ? null : quoted(box.value.trim())));
    return { parts: [make("div", { className: "row" }, box)], put: (text) => { box.value = text === null ? lever.value : unquoted(text); } };
  },

  flag(lever, id, described, tell) {
    const box = make("input", { id, type: "checkbox", checked: lever.value, ...described });
    box.addEventListener("change", () => tell(box.checked === lever.value ? null : String(box.checked)));
    return { parts: [make("div", { className: "row" }, box)], put: (text) => { box.checked = text === null ? lever.value : text === "true"; } };
  },

  choice(lever, id, described, tell) {
    const options = lever.of.map((word) => make("option", { value: word, selected: word === lever.value }, word.replaceAll("_", " ")));
    const box = make("select", { id, ...described }, ...options);
    box.addEventListener("change", () => tell(box.value === lever.value ? null : quoted(box.value)));
    return { parts: [make("div", { className: "row" }, box)], put: (text) => { box.value = text === null ? lever.value : unquoted(text); } };
  },

  rules(lever, id, described, tell) {
    const list = make("div");
    const extra = make("input", { id: `${id}-rule`, type: "text", placeholder: "lactate_mmol_per_l > 5", "aria-label": "Another rule", ...described });
    let rows = [];
    const chosen = () => rows.filter((row) => row.box.checked).map((row) => row.rule);
    const given = () => {
      const rules = chosen();
      const same = rules.length === lever.value.length && rules.every((rule, place) => rule === lever.value[place]);
      tell(same ? null : `[${rules.map(quoted).join(", ")}]`);
    };
    const add = (rule, checked) => {
      const box = make("input", { type: "checkbox", checked });
      box.addEventListener("change", given);
      rows.push({ box, rule });
      list.append(make("label", { className: "rule" }, box, make("span", {}, rule)));
    };
    const put = (text) => {
      const wanted = text === null ? lever.value : JSON.parse(text);
      const all = [...lever.value, ...wanted.filter((rule) => !lever.value.includes(rule))];
      rows = [];
      list.replaceChildren();
      all.forEach((rule) => add(rule, wanted.includes(rule)));
    };
    const more = () => {
      const rule = extra.value.trim();
      if (rule === "") return;
      add(rule, true);
      extra.value = "";
      given();
    };
    extra.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); more(); } });
    const button = make("button", { type: "button" }, "Add rule");
    button.addEventListener("click", more);
    put(null);
    return { group: true, parts: [list, make("div", { className: "row" }, extra, button)], put };
  },

  parts(lever, id, described, tell) {
    const box = make("input", { id, type: "checkbox", checked: true, ...described });
    box.addEventListener("change", () => tell(box.checked ? null : "[]"));
    return { parts: [make("div", { className: "row" }, box)], put: (text) => { box.checked = text === null; } };
  },

  prior(lever, id, described, tell) {
    const boxes = ["mean", "sd"].map((name, place) => make("input", {
      id: place === 0 ? id : `${id}-sd`, type: "number", step: 0.05, value: lever.value[place],
      "aria-label": `${lever.label}: ${place === 0 ? "mean" : "standard deviation"}`, ...described,
    }));
    const given = () => {
      if (boxes.some((box) => box.value === "")) return;
      const [mean, sd] = boxes.map((box) => box.value);
      const same = Number(mean) === lever.value[0] && Number(sd) === lever.value[1];
      tell(same ? null : `{ share_of_benefit = { mean = ${real(mean)}, sd = ${real(sd)} } }`);
    };
    boxes.forEach((box) => box.addEventListener("input", given));
    const put = (text) => {
      const found = text === null ? lever.value : text.match(/mean = (\S+), sd = (\S+) /).slice(1).map(Number);
      boxes.forEach((box, place) => { box.value = found[place]; });
    };
    return { group: true, parts: [make("div", { className: "row" }, make("span", { "aria-hidden": "true" }, "mean"), boxes[0], make("span", { "aria-hidden": "true" }, "sd"), boxes[1])], put };
  },

  looks(lever, id, described, tell) {
    const count = make("select", { id, "aria-label": "Number of looks", ...described }, ...[1, 2, 3, 4, 5].map((n) => make("option", { value: n }, n === 1 ? "1, the end" : String(n))));
    const names = { obrien_fleming: "O’Brien–Fleming", pocock: "Pocock" };
    const bounds = make("select", { "aria-label": "Boundary", disabled: true, ...described }, ...lever.boundaries.map((name) => make("option", { value: name }, names[name] ?? name)));
    const given = () => {
      const n = Number(count.value);
      bounds.disabled = n === 1;
      const alpha = state.set.get(`trial.design.fixed.alpha.${lever.alpha[0]}`) ?? lever.alpha[1];
      const looks = Array.from({ length: n }, (_, k) => (k + 1 === n ? "1.0" : ((k + 1) / n).toFixed(4)));
      tell(n === 1 ? null : `{ group_sequential = { alpha = { ${lever.alpha[0]} = ${alpha} }, looks = [${looks.join(", ")}], boundary = "${bounds.value}" } }`);
    };
    [count, bounds].forEach((box) => box.addEventListener("change", given));
    const put = (text) => {
      count.value = text === null ? 1 : text.match(/looks = \[(.*?)\]/)[1].split(",").length;
      if (text !== null) bounds.value = text.match(/boundary = "(.*?)"/)[1];
      bounds.disabled = text === null;
    };
    return { group: true, parts: [make("div", { className: "row" }, count, bounds)], put };
  },
};

/// Text as TOML, and back. A TOML string of this kind is a JSON string.
const quoted = (text) => JSON.stringify(text);
const unquoted = (text) => JSON.parse(text);
/// A number as TOML takes it: with a decimal point.
const real = (text) => (/^-?\d+$/.test(text) ? `${text}.0` : text.replace(/^(-?)\./, "$10."));

function set(path, text) {
  state.set.delete(path);
  if (text !== null) {
    const lever = levers.get(path).lever;
    state.set.set(path, lever.kind === "number" && !lever.whole ? real(text) : text);
  }
  moved();
}

// ---- asking --------------------------------------------------------------------------------------------------

let running = null;
let later = null;
let last = 0;

/// Something was moved: shows that, and asks for the design, at most every so often.
function moved() {
  levers.forEach((lever) => lever.show());
  const n = state.set.size;
  const words = n === 0 ? "Nothing is moved: this is the design as the file has it." : n === 1 ? "1 value is moved." : `${n} values are moved.`;
  $("changes").textContent = words;
  $("reset").disabled = n === 0 && state.seed === null && state.replicates === null;
  remember();
  performance.clearMarks("move");
  performance.mark("move");
  clearTimeout(later);
  later = setTimeout(ask, Math.max(0, last + PACE - performance.now()));
}

/// Keeps what is moved in the address, for a reload.
function remember() {
  const kept = JSON.stringify({ set: [...state.set], replicates: state.replicates, seed: state.seed });
  history.replaceState(null, "", state.set.size || state.seed !== null || state.replicates !== null ? `#${encodeURIComponent(kept)}` : location.pathname);
}

function recall() {
  try {
    const kept = JSON.parse(decodeURIComponent(location.hash.slice(1)));
    put(kept);
    return true;
  } catch {
    return false;
  }
}

/// Moves everything to where a design has it.
function put(design) {
  state.set = new Map(design.set.filter(([path]) => levers.has(path)));
  state.replicates = design.replicates;
  state.seed = design.seed;
  levers.forEach((lever, path) => lever.put?.(state.set.get(path) ?? null));
  levers.forEach((lever) => lever.show());
}

const asked = () => ({ set: [...state.set], replicates: state.replicates, seed: state.seed });

async function ask() {
  last = performance.now();
  running?.abort();
  const own = new AbortController();
  running = own;
  const design = asked();
  const against = [...new Set([state.file, ...state.pins.map((pin) => pin.design)].filter((n) => n !== null))];
  $("results").classList.add("stale");
  wrongs([]);
  try {
    for (;;) {
      const answer = await fetch("/design", {
        method: "POST", signal: own.signal, headers: { "content-type": "application/json" }, body: JSON.stringify({ ...design, against }),
      });
      if (answer.ok) {
        await follow(answer.body, design);
        return;
      }
      if (answer.status !== 503) throw new Error(await answer.text());
      const { busy } = await answer.json();
      tellState(capitalised(busy));
      await new Promise((resolve) => setTimeout(resolve, 700 + 600 * Math.random()));
      if (own.signal.aborted) return;
    }
  } catch (error) {
    if (own.signal.aborted) return;
    tellState("The server does not answer; is it still running?");
    say("The server does not answer.");
  } finally {
    if (running === own) running = null;
  }
}

/// Reads server-sent events until the stream ends.
async function follow(body, design) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const field = (name) => lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2)).join("\n");
      if (field("event")) EVENTS[field("event")](JSON.parse(field("data")), design);
    }
  }
}

const EVENTS = {
  started({ design, command }, asked) {
    if (state.file === null && asked.set.length === 0 && asked.seed === null) state.file = design;
    state.shown = { ...asked, design, command, numbers: new Map(), done: false };
    $("report").removeAttribute("href");
    $("report").setAttribute("aria-disabled", "true");
    $("progress").removeAttribute("value");
    tellState("");
  },
  solving({ what }) {
    document.body.classList.add("solving");
    tellState(`${what} …`);
  },
  solved() {
    document.body.classList.remove("solving");
    tellState("");
  },
  numbers({ replicates, of, numbers }) {
    $("results").classList.remove("stale");
    document.body.classList.remove("solving");
    for (const number of numbers) if (number) state.shown.numbers.set(number.key, number);
    $("progress").max = of;
    $("progress").value = replicates;
    tellState(`${grouped(replicates)} of ${grouped(of)} replicates`);
    showNumbers();
    measure(state.shown.numbers.get("power")?.mcse, replicates);
  },
  curve(figure) {
    showFigure(figure, true);
  },
  report({ answer, sections, figures }) {
    figures.forEach((figure) => showFigure(figure, false));
    tidyFigures(new Set(["power_by_patients", ...figures.map((figure) => figure.name)]));
    showSections(sections);
    state.shown.answer = answer;
  },
  done({ design, replicates, seconds }) {
    state.shown.done = true;
    $("report").href = `/designs/${design}/report.html`;
    $("report").removeAttribute("aria-disabled");
    tellState(`${grouped(replicates)} replicates, ${seconds.toFixed(1)} s`);
    const power = state.shown.numbers.get("power");
    const change = power?.differences.find((d) => d.design === state.file);
    say(`${power.label} ${power.text} %${change ? `, ${change.text} against the file` : ""}.`);
    showNumbers();
    performance.clearMeasures("done");
    performance.measure("done", "move");
  },
  wrong({ findings }) {
    $("results").classList.remove("stale");
    document.body.classList.remove("solving");
    $("progress").value = 0;
    tellState("This design cannot be simulated.");
    wrongs(findings);
  },
};

/// How long power took to reach an error, for who measures it.
function measure(mcse, replicates) {
  if (mcse === null || mcse === undefined) return;
  for (const [name, least] of [["power at 0.01", 0.01], ["power at 0.002", 0.002]]) {
    const start = performance.getEntriesByName("move", "mark").at(-1);
    const known = performance.getEntriesByName(name, "measure").at(-1);
    if (mcse <= least && start && (!known || known.startTime < start.startTime)) performance.measure(name, { start: "move", detail: replicates });
  }
}

/// What is wrong, next to its lever, or above all levers if it is of none.
function wrongs(findings) {
  levers.forEach((lever) => {
    lever.wrong.textContent = "";
    lever.element.classList.remove("bad");
    lever.element.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
  });
  for (const { path, message } of findings) {
    const place = [...levers].filter(([own]) => path !== null && (path === own || path.startsWith(`${own}.`) || own.startsWith(`${path}.`)));
    const moved = place.filter(([own]) => state.set.has(own));
    const [, lever] = (moved.length ? moved : place).sort((a, b) => b[0].length - a[0].length)[0] ?? [null, null];
    if (lever) {
      lever.wrong.textContent = capitalised(message);
      lever.element.classList.add("bad");
      lever.element.querySelectorAll("input, select").forEach((input) => input.setAttribute("aria-invalid", "true"));
      lever.element.closest("details")?.setAttribute("open", "");
    } else {
      $("changes").textContent = capitalised(message);
    }
    say(capitalised(message));
  }
}

const tellState = (text) => { $("state").textContent = text; };
/// The live region: one sentence when a design is settled, never while it refines.
const say = (text) => { $("said").textContent = text; };
const grouped = (n) => (n >= 10000 ? n.toLocaleString("en-GB") : String(n));

// ---- what comes back ---------------------------------------------------------------------------------------------

function changeOf(number) {
  if (state.shown.design === state.file || state.shown.set.length === 0) return "";
  const change = number.differences.find((d) => d.design === state.file);
  if (!change) return "";
  if (change.value === 0 && change.mcse === 0) return make("div", { className: "change none" }, "as in the file");
  const words = change.ranks ? change.text : `${change.text}, within chance`;
  return make("div", { className: change.ranks ? "change" : "change none" }, `${words} v. the file`);
}

function showNumbers() {
  const list = [...state.shown.numbers.values()];
  const power = state.shown.numbers.get("power");
  if (power) {
    $("power").replaceChildren(make("div", { className: "label" }, power.label),
      make("div", { className: "value" }, power.text, " ", make("small", {}, "%")), make("div", { className: "note" }, power.note), changeOf(power));
    showBand(power);
    const change = power.differences.find((d) => d.design === state.file);
    $("bar").textContent = `${power.label} ${power.text} %${change ? ` · ${change.text} v. the file` : ""}`;
  }
  $("numbers").replaceChildren(...list.filter((number) => number.key !== "power").map((number) =>
    make("div", { className: "number", "data-key": number.key }, make("div", { className: "label" }, number.label),
      make("div", { className: "value" }, number.text, " ", make("small", {}, number.unit)), make("div", { className: "note" }, number.note), changeOf(number))));
  showCompare();
}

/// Power on a line from 0 to 100 %, its Monte Carlo interval as a band.
function showBand(power) {
  const svg = (tag, attributes, text) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const x = (share) => 8 + 384 * share;
  const parts = [svg("line", { class: "axis", x1: x(0), x2: x(1), y1: 26, y2: 26 })];
  for (const tick of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    parts.push(svg("line", { class: "axis", x1: x(tick), x2: x(tick), y1: 26, y2: 30 }), svg("text", { x: x(tick), y: 42, "text-anchor": "middle" }, Math.round(100 * tick)));
  }
  parts.push(svg("rect", { class: "range", x: x(power.lower), width: Math.max(1, x(power.upper) - x(power.lower)), y: 6, height: 20 }));
  const file = power.differences.find((d) => d.design === state.file);
  if (file) parts.push(svg("line", { class: "file", x1: x(power.value - file.value), x2: x(power.value - file.value), y1: 2, y2: 26 }));
  parts.push(svg("line", { class: "at", x1: x(power.value), x2: x(power.value), y1: 4, y2: 26 }));
  $("band").replaceChildren(...parts);
  $("band").setAttribute("aria-label", `${power.label} ${power.text} %; ${power.note}`);
}

// ---- designs side by side -------------------------------------------------------------------------------------------

function nameOf(design) {
  const parts = design.set.map(([path, value]) => `${levers.get(path)?.lever.label ?? path} ${short(value)}`);
  if (design.seed !== null) parts.push(`seed ${design.seed}`);
  return parts.length ? parts.join("; ") : "As in the file";
}

function short(value) {
  const looks = value.match(/looks = \[(.*?)\]/);
  if (looks) return `${looks[1].split(",").length}`;
  if (value === "[]") return "none";
  if (value.startsWith("[")) return `${JSON.parse(value).length} rules`;
  const prior = value.match(/mean = (\S+), sd = (\S+) /);
  if (prior) return `${prior[1]} (${prior[2]})`;
  return value.replace(/^"|"$/g, "").replaceAll("_", " ");
}

function showCompare() {
  const now = state.shown;
  $("pin").disabled = !now?.done || state.pins.length >= MOST_PINS || state.pins.some((pin) => pin.design === now.design);
  if (state.pins.length === 0) {
    $("compare").replaceChildren(make("p", { className: "quiet" }, `Pin a design to keep it here while you move on; up to ${MOST_PINS}. Differences are paired: the designs meet the same patients with the same luck.`));
    return;
  }
  const keys = ["power", "assurance", "patients", "months", "estimate"].filter((key) => [now, ...state.pins].some((design) => design.numbers.has(key)));
  const label = (key) => [now, ...state.pins].map((design) => design.numbers.get(key)).find(Boolean);
  const head = make("tr", {}, make("th", { scope: "col" }, "Design"), ...keys.map((key) => make("th", { scope: "col", className: "right" }, label(key).label, make("span", { className: "unit" }, label(key).unit))),
    make("th", { scope: "col", className: "right" }, "Power on screen less this", make("span", { className: "unit" }, "paired, Monte Carlo SE")), make("th", { scope: "col" }, ""));
  const row = (design, pin) => {
    const cells = keys.map((key) => make("td", { className: "right" }, design.numbers.get(key)?.text ?? "–"));
    const difference = pin ? now.numbers.get("power")?.differences.find((d) => d.design === design.design) : null;
    const actions = [];
    if (pin) {
      const show = make("button", { type: "button", className: "link", "aria-label": `Show ${nameOf(design)}` }, "Show");
      show.addEventListener("click", () => { put(design); moved(); });
      const drop = make("button", { type: "button", className: "link", "aria-label": `Unpin ${nameOf(design)}` }, "Unpin");
      drop.addEventListener("click", () => { state.pins = state.pins.filter((other) => other !== design); showCompare(); $("pin").focus(); });
      actions.push(show, drop);
    }
    const words = difference ? difference.text : pin && design.design === now.design ? "on screen" : pin ? "–" : "";
    return make("tr", {}, make("th", { scope: "row" }, pin ? nameOf(design) : `On screen: ${nameOf(design)}`), ...cells, make("td", { className: "right" }, words), make("td", {}, ...actions));
  };
  $("compare").replaceChildren(make("table", {}, make("caption", {}, "Monte Carlo standard errors in parentheses. A difference within two of its own is no ranking."),
    make("thead", {}, head), make("tbody", {}, row(now, false), ...state.pins.map((pin) => row(pin, true)))));
}

// ---- figures and sections --------------------------------------------------------------------------------------------

function showFigure(figure, first) {
  let element = $(`figure-${figure.name}`);
  if (!element) {
    element = make("figure", { id: `figure-${figure.name}` }, make("img", { alt: "" }), make("figcaption"));
    if (first) $("figures").prepend(element); else $("figures").append(element);
  }
  const image = element.querySelector("img");
  const url = URL.createObjectURL(new Blob([figure.svg], { type: "image/svg+xml" }));
  if (image.src) URL.revokeObjectURL(image.src);
  image.src = url;
  image.alt = figure.caption;
  image.width = figure.width;
  image.height = figure.height;
  const link = (kind) => make("a", { href: `/designs/${state.shown.design}/figures/${figure.name}.${kind}`, "aria-label": `${figure.name.replaceAll("_", " ")} as ${kind.toUpperCase()}` }, kind.toUpperCase());
  element.querySelector("figcaption").replaceChildren(`${figure.caption} `, link("svg"), " ", link("png"));
}

function tidyFigures(kept) {
  for (const element of [...$("figures").children]) if (!kept.has(element.id.slice("figure-".length))) element.remove();
}

function showSections(sections) {
  const open = new Set([...$("sections").querySelectorAll("details[open]")].map((part) => part.dataset.title));
  if ($("sections").childElementCount === 0) open.add("Design");
  $("told").hidden = true;
  $("sections").replaceChildren(...sections.map((section) =>
    make("details", { open: open.has(section.title), "data-title": section.title }, make("summary", {}, section.title), ...bodyOf(section, 3))));
}

function bodyOf(section, level) {
  const parts = section.paragraphs.map((text) => make("p", {}, text));
  if (section.list.length) parts.push(make("ul", {}, ...section.list.map((text) => make("li", {}, text))));
  if (section.facts.length) {
    const facts = section.facts.flatMap(({ label, value, code }) => [make("dt", {}, label), make("dd", {}, code ? make("code", {}, value) : value)]);
    parts.push(make("dl", { className: "facts" }, ...facts));
  }
  parts.push(...section.tables.map(tableOf), ...section.notes.map((text) => make("p", { className: "quiet" }, text)));
  for (const part of section.parts) parts.push(make(`h${Math.min(level, 6)}`, {}, part.title), ...bodyOf(part, level + 1));
  return parts;
}

function tableOf(table) {
  const right = (column) => (column.align === "right" ? "right" : "");
  const head = table.columns.map((column) => make("th", { scope: "col", className: right(column) }, column.title, column.unit ? make("span", { className: "unit" }, column.unit) : ""));
  const row = (cells) => (cells.length === 1
    ? make("tr", { className: "group" }, make("th", { colSpan: table.columns.length, scope: "colgroup" }, cells[0]))
    : make("tr", {}, ...cells.map((cell, place) => make("td", { className: right(table.columns[place]) }, cell))));
  const drawn = make("table", {}, make("caption", {}, table.caption), make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...table.rows.map(row)));
  return make("div", {}, make("div", { className: "wide", tabIndex: 0, role: "region", "aria-label": table.caption }, drawn), ...table.notes.map((text) => make("p", { className: "quiet" }, text)));
}

// ---- taking it along -----------------------------------------------------------------------------------------------------

$("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(state.shown.command);
    say("The command is copied.");
    $("copy").textContent = "Copied";
    setTimeout(() => { $("copy").textContent = "Copy as command"; }, 1500);
  } catch {
    prompt("The command:", state.shown.command);
  }
});

$("save").addEventListener("click", async () => {
  const answer = await fetch("/scenario.toml", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(asked()) });
  if (!answer.ok) return say(await answer.text());
  const url = URL.createObjectURL(await answer.blob());
  make("a", { href: url, download: `${state.scenario.name}_explored.toml` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
});

$("pin").addEventListener("click", () => {
  state.pins.push(state.shown);
  say(`Pinned: ${nameOf(state.shown)}.`);
  showCompare();
});

$("reset").addEventListener("click", () => {
  put({ set: [], replicates: null, seed: null });
  moved();
  $("first").querySelector("input").focus();
});

$("levers").addEventListener("submit", (event) => event.preventDefault());

(async () => {
  state.scenario = await (await fetch("/scenario")).json();
  const { title, question, file, version } = state.scenario;
  document.title = `${title} · shocktrial`;
  $("title").textContent = title;
  $("question").textContent = question;
  $("footer").textContent = `${file} · shocktrial ${version}. What is shown for a design is what run gives with the same replicates and seed. A simulation shows what follows from its assumptions; it adds no evidence that they hold.`;
  buildLevers(state.scenario);
  performance.mark("move");
  // The design as the file has it comes first: everything else is set beside it.
  await ask();
  if (recall()) moved();
  else levers.forEach((lever) => lever.show());
})();
