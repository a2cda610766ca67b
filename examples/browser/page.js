// What is seen of the two boards of boards.hpp. The build puts the program and the agent into `files`.
"use strict";
const files = {program: "WASM_BASE64", agent: "AGENT_BASE64", probe: "PROBE_BASE64"};
const unpacked = async name => {
  const packed = Uint8Array.from(atob(files[name]), c => c.charCodeAt(0));
  return new Uint8Array(await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
};
const size = 5, colours = 4, objects = 5, horizon = 50;
const palette = ["#c0392b", "#2e86c1", "#239b56", "#d4a017"], moveColours = ["#7f8c8d", "#34495e", "#a9b7c6", "#5d6d7e"];
const element = id => document.getElementById(id);

unpacked("program").then(wasmBinary => midstream({wasmBinary})).then(async page => {
  const placed = bytes => {
    const place = page._malloc(bytes.length);
    page.HEAPU8.set(bytes, place);
    return place;
  };
  const agentBytes = await unpacked("agent"), probeBytes = await unpacked("probe");
  const places = [placed(agentBytes), placed(probeBytes)];
  const asked = failed => {
    element("fault").textContent = failed ? page.UTF8ToString(page._page_message()) : "";
    return !failed;
  };
  if (!asked(page._page_load(places[0], agentBytes.length, places[1], probeBytes.length))) return;
  places.forEach(place => page._free(place));

  // What a board shows (struct Shown of boards.hpp).
  const shown = address => {
    const whole = page.HEAP32.subarray(address / 4, address / 4 + 7), real = page.HEAPF32.subarray(address / 4 + 7, address / 4 + 19);
    const [agent, steps, progress, opened, done, success, fault] = whole;
    return {agent, steps, progress, opened, done, success, fault, gate: real[0], code: [...real.subarray(1, 4)], moves: [...real.subarray(4, 8)], belief: [...real.subarray(8, 12)]};
  };
  let seed = 1, playing = true, holding = -1, drag = null;
  let paths = [[], []];
  const cellOf = object => page._page_cell(object);
  const begin = () => { paths = [0, 1].map(board => [shown(page._page_shown(board))]); draw(); };
  const begun = failed => { if (asked(failed)) begin(); };

  // A code's hue: its direction in the first two of its three numbers.
  const hue = code => `hsl(${(Math.atan2(code[1], code[0]) * 180 / Math.PI + 360) % 360} 70% ${42 + 12 * Math.tanh(code[2])}%)`;

  function drawBoard(board) {
    const canvas = element("board" + board), g = canvas.getContext("2d"), unit = canvas.width / size;
    const centre = cell => [(cell % size + .5) * unit, (Math.floor(cell / size) + .5) * unit];
    g.fillStyle = "#f7f5f0"; g.fillRect(0, 0, canvas.width, canvas.width);
    g.strokeStyle = "#ddd8cc"; g.lineWidth = 2;
    for (let i = 0; i <= size; ++i) { g.beginPath(); g.moveTo(i * unit, 0); g.lineTo(i * unit, size * unit); g.moveTo(0, i * unit); g.lineTo(size * unit, i * unit); g.stroke(); }
    for (let object = 0; object < objects; ++object) {
      const [x, y] = centre(cellOf(object));
      g.fillStyle = object < colours ? palette[object] : "#555";
      g.fillRect(x - unit * .42, y - unit * .42, unit * .84, unit * .84);
      if (object < colours) { g.fillStyle = "#fff"; g.font = `${unit * .4}px sans-serif`; g.textAlign = "center"; g.textBaseline = "middle"; g.fillText(object + 1, x, y); }
    }
    const path = paths[board];
    g.lineWidth = 12; g.lineCap = "round";
    for (let t = 1; t < path.length; ++t) {
      // A little to the side, so that ways there and back are both seen.
      const shift = (t % 5 - 2) * unit * .035, [x0, y0] = centre(path[t - 1].agent), [x1, y1] = centre(path[t].agent);
      g.strokeStyle = board === 1 ? "#999" : hue(path[t].code);
      g.beginPath(); g.moveTo(x0 + shift, y0 + shift); g.lineTo(x1 + shift, y1 + shift); g.stroke();
    }
    const [x, y] = centre(path[path.length - 1].agent);
    g.beginPath(); g.arc(x, y, unit * .2, 0, 7); g.fillStyle = "#111"; g.fill(); g.lineWidth = 5; g.strokeStyle = "#fff"; g.stroke();
  }
  function drawChart(board) {
    const canvas = element("chart" + board), g = canvas.getContext("2d"), wide = canvas.width / horizon;
    g.clearRect(0, 0, canvas.width, canvas.height);
    if (board === 0) { g.strokeStyle = "#ccc"; g.lineWidth = 1; g.strokeRect(.5, 10, canvas.width - 1, 80); }
    paths[board].slice(1).forEach((at, t) => {
      if (board === 0) {
        g.fillStyle = at.opened ? hue(at.code) : "#cfd8dc";
        g.fillRect(t * wide + 1, 90 - 80 * at.gate, wide - 2, Math.max(80 * at.gate, 2));
        if (at.opened) g.fillRect(t * wide + 1, 0, wide - 2, 8);
      }
      const stack = (shares, colours, top) => shares.forEach((share, i) => {
        g.fillStyle = colours[i];
        g.fillRect(t * wide + 1, top, wide - 2, 85 * share);
        top += 85 * share;
      });
      stack(at.belief, palette, 100);
      stack(at.moves, moveColours, 195);
    });
  }
  function tell(board) {
    const at = paths[board][paths[board].length - 1];
    let text = `step ${at.steps}`;
    if (board === 0 && holding >= 0) {
      const touched = [0, 1, 2, 3].find(colour => cellOf(colour) === at.agent);
      if (at.done) text += touched === undefined ? ", out of time" : `, came to ${touched + 1}`;
    } else {
      text += `, ${at.progress} of ${colours} colours`;
      if (at.done) text += at.success ? ": solved" : at.steps === horizon ? ": out of time" : ": a wrong colour";
    }
    element("told" + board).textContent = text;
  }
  function draw() { for (const board of [0, 1]) { drawBoard(board); drawChart(board); tell(board); } }
  function step() {
    for (const board of [0, 1]) {
      const last = paths[board][paths[board].length - 1];
      if (last.done || last.fault) continue;
      const now = shown(page._page_step(board));
      if (now.fault) element("fault").textContent = "the agent cannot act";
      else paths[board].push(now);
    }
    draw();
  }

  element("task").innerHTML = palette.map((colour, i) => `<span class="chip" style="background:${colour}"></span>${i + 1}`).join(", ");
  const actors = () => {
    stopCounting();
    element("many").disabled = holding >= 0;  // a code that is held has no task to solve
    element("who").textContent = holding < 0 ? "internal RL: a policy chooses the codes" : `one code is held, which leads to ${holding + 1}`;
    element("policy").classList.toggle("on", holding < 0);
    document.querySelectorAll("#codes .code").forEach((button, colour) => button.classList.toggle("on", colour === holding));
  };
  const setGain = value => { element("gain").value = value; element("gain-value").textContent = value.toFixed(2); return page._page_gain(value); };
  element("new").onclick = () => begun(page._page_layout(++seed));
  element("again").onclick = () => begun(page._page_begin());
  element("play").onclick = () => { playing = !playing; element("play").textContent = playing ? "pause" : "play"; element("play").classList.toggle("on", playing); };
  element("step").onclick = () => { if (playing) element("play").click(); step(); };
  element("gain").oninput = event => { stopCounting(); begun(setGain(Number(event.target.value))); };
  element("policy").onclick = () => { holding = -1; actors(); begun(page._page_actor(0, 0)); };
  for (let colour = 0; colour < colours; ++colour) {
    const button = document.createElement("button");
    button.className = "code";
    button.onclick = () => { holding = colour; actors(); begun(page._page_hold(0, colour)); };
    element("codes").append(button);
  }
  // Counting goes on in pauses, and ends when somebody else acts.
  let counting = 0;
  const stopCounting = () => { ++counting; element("tally").textContent = ""; };
  element("many").onclick = () => {
    const number = ++counting, solved = [0, 0], total = 200;
    let done = 0;
    const some = () => {
      if (number !== counting) return;
      for (const board of [0, 1]) {
        const more = page._page_solved(board, done, 20);
        if (!asked(more < 0)) return;
        solved[board] += more;
      }
      done += 20;
      element("tally").textContent = `solved of ${done}: ${solved[0]} by the policy, ${solved[1]} by the model alone`;
      if (done < total) setTimeout(some);
    };
    some();
  };
  // Dragging: what lies in a cell goes to another.
  for (const board of [0, 1]) {
    const canvas = element("board" + board);
    const cellAt = event => {
      const box = canvas.getBoundingClientRect(), column = Math.floor((event.clientX - box.left) / box.width * size), row = Math.floor((event.clientY - box.top) / box.height * size);
      return column >= 0 && column < size && row >= 0 && row < size ? column + size * row : -1;
    };
    canvas.onpointerdown = event => {
      const cell = cellAt(event);
      drag = [...Array(objects).keys()].find(object => cellOf(object) === cell);
      if (drag === undefined && [cellOf(objects), paths[board][paths[board].length - 1].agent].includes(cell)) drag = objects;
      if (drag !== undefined) canvas.setPointerCapture(event.pointerId);
    };
    canvas.onpointerup = event => {
      const to = cellAt(event);
      if (drag !== undefined && drag !== null && to >= 0 && cellOf(drag) !== to) begun(page._page_move(drag, to));
      drag = null;
    };
  }
  // Codes for the colours are looked for in pauses; how often they lead there is then measured on other layouts.
  let tried = 0;
  const look = () => {
    const searched = tried >= 64;
    if (!asked(searched ? page._page_measure_codes(100) : page._page_try_code(tried++, 12))) return;
    document.querySelectorAll("#codes .code").forEach((button, colour) => {
      const share = searched ? `${Math.round(100 * page._page_code_success(colour))}%` : "...";
      button.innerHTML = `<span class="chip" style="background:${palette[colour]}"></span>one that leads to ${colour + 1} <small>${share}</small>`;
    });
    if (!searched) setTimeout(look, 5);
  };
  // page.html#7 shows layout 7, played to its end.
  if (location.hash) seed = Number(location.hash.slice(1)) || 1;
  if (!asked(page._page_layout(seed)) || !asked(page._page_actor(1, 2)) || !asked(setGain(page._page_gain_now()))) return;
  actors();
  begin();
  if (location.hash) {
    element("play").click();
    for (let t = 0; t < horizon; ++t) step();
  }
  look();
  let last = 0;
  const tick = now => {
    if (playing && now - last > 1000 / element("speed").value) { last = now; step(); }
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}).catch(error => { element("fault").textContent = "This page cannot run here: " + error; });
