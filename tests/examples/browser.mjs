// The compiled page without a browser: node browser.mjs FOLDER, where examples/browser/build.sh made the page.
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {resolve} from "node:path";

const folder = resolve(process.argv[2]);
const page = await createRequire(import.meta.url)(folder + "/program.js")({wasmBinary: readFileSync(folder + "/program.wasm")});
const check = (condition, what) => { if (!condition) throw new Error(what); };
const load = (...files) => {
  const places = files.map(bytes => {
    const place = page._malloc(bytes.length);
    page.HEAPU8.set(bytes, place);
    return [place, bytes.length];
  });
  const failed = page._page_load(...places.flat());
  places.forEach(([place]) => page._free(place));
  return failed ? page.UTF8ToString(page._page_message()) : "";
};
const agent = readFileSync(folder + "/agent.safetensors"), probes = readFileSync(folder + "/probes.safetensors");
check(load(agent.subarray(0, 1000), probes).includes("header"), "half a file was taken for an agent");
check(load(agent, agent).includes("belongs to"), "an agent was taken for probes");
const refusal = load(agent, probes);
check(refusal === "", "the agent was refused: " + refusal);
check(page._page_layout(1) === 0, "no layout");
check(page._page_actor(1, 2) === 0, "nobody acts on the second board");

// Where something is already, nothing else can be put; elsewhere it can, or the reason is said.
check(page._page_move(0, page._page_cell(1)) === 1, "two colours in one cell");
const taken = [0, 1, 2, 3, 4, 5].map(object => page._page_cell(object));
const free = [...Array(25).keys()].filter(cell => !taken.includes(cell));
check(free.some(cell => page._page_move(5, cell) === 0 && page._page_cell(5) === cell), "the agent cannot be moved");

const steps = board => {
  const shown = page._page_step(board);  // before the view of memory, which may grow
  return page.HEAP32[shown / 4 + 1];
};
check(steps(0) === 1 && steps(0) === 2 && steps(1) === 1, "steps are not counted");
const belief = [...page.HEAPF32.subarray(page._page_shown(0) / 4 + 15, page._page_shown(0) / 4 + 19)];
check(Math.abs(belief.reduce((a, b) => a + b) - 1) < 1e-4 && Math.max(...belief) > 0.3, "no belief: " + belief);

const solved = [0, 1].map(board => page._page_solved(board, 0, 500));
console.log(`solved of 500: ${solved[0]} by the policy over codes, ${solved[1]} by the model alone`);
check(solved[0] >= 400 && solved[1] <= 25, "the agents are not what they were");

for (let code = 0; code < 64; ++code) check(page._page_try_code(code, 12) === 0, "a code cannot be held");
check(page._page_measure_codes(200) === 0, "codes cannot be measured");
const best = [0, 1, 2, 3].map(colour => page._page_code_success(colour));
console.log(`codes to hold lead to their colours first, in 200 other layouts: ${best.map(share => share.toFixed(2)).join(" ")}`);
check(Math.min(...best) >= 0.5, "no code leads to a colour");
