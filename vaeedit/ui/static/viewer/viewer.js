/* The viewer of one or two pictures and maps. It holds no whole picture: it asks the server for the region that is seen, in pixels
   of the screen. This is the last of the files that Python joins to one function of (element, props, server, watch). */

const find = (selector) => element.querySelector(selector);
const canvas = find("canvas");
const context = canvas.getContext("2d");
const table = colorTable();
const state = {
  value: null, // what the server said last, if it names a picture; its size is that of the last reply
  told: {}, // the size that the server said with it
  layers: [],
  stage: { width: 0, height: 0 },
  view: null,
  fitted: true,
  divider: 0.5,
  held: false,
  map: "",
  opacity: 0.6,
  base: null, // the last tile that shows all of the picture
  fine: null, // the last tile
  error: "",
  squares: checkerboard(context, 8),
};
const panel = makePanel(find, state);
const ask = makeAsking({
  wanted,
  arrived,
  heldOf: (asked) => heldFor(asked, [state.fine, state.base]),
  send: (question) => server.region(question),
  current: (asked, reply) => isShown(asked) && !(state.fine && reply.version < state.fine.version),
  failed: () => tell("The server does not answer. Is it still running? Then load the page again."),
  waiting: panel.busy,
});

/** Whether a question is about the picture of today. */
function isShown(asked) {
  return Boolean(state.value) && state.value.picture === asked.picture;
}

/** The question about what is seen now, or null. */
function wanted() {
  if (!state.view) return null;
  const { key, picture, version } = state.value;
  const layers = state.map ? [...state.layers, state.map] : state.layers;
  return { key, picture, version, ...seen(state.view, state.value, state.stage), layers };
}

/** Take a reply; an error leaves the pixels as they are, where there are some. */
async function arrived(asked, reply, held) {
  const made = await tileOf(asked, reply, held, table);
  if (!isShown(asked)) return;
  if (reply.size && asked.version === state.value.version) resize(...reply.size);
  const newer = Object.keys(made.images).length && !(reply.error && state.fine);
  if (newer) keepFiner(made, state.fine);
  if (newer) state.fine = made;
  if (newer && isWhole(made)) state.base = made;
  tell(reply.error || "");
}

/** The result is of another size than was known. */
function resize(width, height) {
  const old = state.value;
  if (width === old.width && height === old.height) return;
  state.value = { ...old, width, height };
  settle(old, state.stage);
  ask(true);
}

/** Say an error, or that there is none, and draw. */
function tell(error) {
  state.error = error;
  show();
}

/** Draw, and set everything that says what is seen. */
function show() {
  draw(context, state);
  panel.show();
}

/** Look at another place or from another distance; false if it is the same. */
function look(view, fitted = false) {
  const { scale, x, y } = state.view;
  state.fitted = fitted;
  if (view.scale === scale && view.x === x && view.y === y) return false;
  state.view = view;
  show();
  ask(false);
  return true;
}

/** The middle of the stage. */
function middle() {
  return { x: state.stage.width / 2, y: state.stage.height / 2 };
}

/** Zoom to a scale, with what was at one point of the canvas at another. */
function zoomTo(scale, from = middle(), to = from, view = state.view) {
  const { value, stage } = state;
  return look(zoomedView(view, scale, from, to, value, stage), scale === fitScale(value, stage));
}

/** What gestures, keys and buttons do. */
const moves = {
  view: () => state.view,
  pan: (dx, dy) => zoomTo(state.view.scale, { x: 0, y: 0 }, { x: dx, y: dy }),
  drag: (view, factor, from, to) => {
    if (!view) return false; // the picture came while the pointer was down
    const scale = allowedScale(view.scale * factor, state.value, state.stage);
    return zoomTo(factor !== 1 && Math.abs(scale - 1) < 0.04 ? 1 : scale, from, to, view);
  },
  zoom: (factor, point) => zoomTo(nextScale(state.view.scale, factor, state.value, state.stage), point),
  in: () => moves.zoom(STEP),
  out: () => moves.zoom(1 / STEP),
  fit: () => look(fitView(state.value, state.stage), true),
  actual: () => zoomTo(1),
  toggle: (point) => (state.fitted ? zoomTo(Math.max(1, 2 * fitScale(state.value, state.stage)), point) : moves.fit()),
  hold: (on) => {
    if (state.layers.length < 2 || state.held === on) return;
    state.held = on;
    show();
  },
};
for (const [name, move] of Object.entries(moves)) moves[name] = (...given) => Boolean(state.view) && move(...given);

/** Put the picture on the stage: all of it, or the place that was seen before. */
function settle(old, oldStage) {
  const { value, stage, view } = state;
  if (!value || !stage.width) state.view = null;
  else if (!view || !old || state.fitted) [state.view, state.fitted] = [fitView(value, stage), true];
  else state.view = resizedView(view, old, value, oldStage, stage);
}

/** Take what the server says. */
function take(value) {
  const old = state.value;
  const other = !old || !value || old.picture !== value.picture;
  state.value = value && value.width && value.height ? { ...value } : null;
  if (!other && value.state === "preview" && state.told.width === value.width && state.told.height === value.height) {
    [state.value.width, state.value.height] = [old.width, old.height];
  }
  state.told = value || {};
  state.layers = (value && value.layers) || (value && value.state === "original" ? ["before"] : ["before", "after"]);
  if (other) [state.base, state.fine, state.error, state.fitted] = [null, null, "", true];
  if (!panel.offer((value && value.maps) || [])) state.map = "";
  state.held = false;
  settle(other ? null : old, state.stage);
  panel.name(value);
  show();
  ask(true);
}

/** One side of the canvas in pixels of the screen: as the browser says, where it says it rightly. */
function screenPixels(css, said) {
  const computed = css * window.devicePixelRatio;
  return said && Math.abs(said - computed) < 2 ? said : Math.round(computed);
}

/** Follow the size of the stage. */
function resized([entry]) {
  const [said] = entry.devicePixelContentBoxSize || [{}];
  const width = screenPixels(canvas.clientWidth, said.inlineSize);
  const height = screenPixels(canvas.clientHeight, said.blockSize);
  if (!width || !height || (width === state.stage.width && height === state.stage.height)) return;
  const oldStage = state.stage;
  state.stage = { width, height };
  [canvas.width, canvas.height] = [width, height];
  settle(state.value, oldStage);
  show();
  ask(false);
}

listenPointers(canvas, moves);
listenWheel(canvas, moves);
listenDouble(canvas, moves);
listenKeys(canvas, moves);
listenFull(find(".full"), find(".viewer"));
listenHold(find(".hold"), moves.hold);
listenDivider(find(".divider"), canvas, {
  at: () => state.divider,
  fractionOf: (column) => (state.view ? fractionAt(state, column) : state.divider),
  move: (fraction) => {
    state.divider = Math.min(1, Math.max(0, fraction));
    show();
  },
});
for (const button of element.querySelectorAll("[data-do]")) button.addEventListener("click", () => moves[button.dataset.do]());
find(".map select").addEventListener("change", (event) => {
  state.map = event.target.value;
  show();
  ask(true);
});
find(".opacity input").addEventListener("input", (event) => {
  state.opacity = event.target.value / 100;
  show();
});
const observer = new ResizeObserver(resized);
try {
  observer.observe(canvas, { box: "device-pixel-content-box" });
} catch {
  observer.observe(canvas); // Safari
}
watch("value", () => take(props.value));
take(props.value);
