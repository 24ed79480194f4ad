/* Pointers, wheel and keys of the stage. Points are in pixels of the canvas. */

const PAN = 64; // pixels of the page that an arrow key moves
const TAP = 300; // milliseconds between the two taps of a double tap

/** Where an event is on the canvas. */
function pointOf(event, canvas) {
  const box = canvas.getBoundingClientRect();
  const ratio = canvas.width / box.width;
  return { x: (event.clientX - box.left) * ratio, y: (event.clientY - box.top) * ratio };
}

/** The middle of the pointers and the distance of the first two. */
function gripOf(points) {
  const [a, b = a] = points;
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, span: Math.hypot(a.x - b.x, a.y - b.y) };
}

/** One pointer drags, two zoom and drag. */
function listenPointers(canvas, moves) {
  const down = new Map();
  let [grip, view] = [null, null];
  const seize = () => ([grip, view] = [down.size ? gripOf([...down.values()]) : null, moves.view()]);

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, pointOf(event, canvas));
    seize();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!down.has(event.pointerId)) return;
    down.set(event.pointerId, pointOf(event, canvas));
    const now = gripOf([...down.values()]);
    moves.drag(view, grip.span ? now.span / grip.span : 1, grip, now);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(end, (event) => down.delete(event.pointerId) && seize());
  }
}

/** The wheel zooms at the pointer; what it cannot zoom, it scrolls on the page. */
function listenWheel(canvas, moves) {
  const zoom = (event) => {
    const lines = event.deltaMode ? 16 : 1;
    const factor = Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002));
    if (moves.zoom(factor, pointOf(event, canvas))) event.preventDefault();
  };
  canvas.addEventListener("wheel", zoom, { passive: false });
}

/** Two clicks or taps: 1:1 here, or the whole picture. */
function listenDouble(canvas, moves) {
  let last = { time: -TAP, x: 0, y: 0 };
  canvas.addEventListener("click", (event) => {
    const close = Math.hypot(event.clientX - last.x, event.clientY - last.y) < 24;
    const double = close && event.timeStamp - last.time < TAP;
    if (double) moves.toggle(pointOf(event, canvas));
    last = { time: double ? -TAP : event.timeStamp, x: event.clientX, y: event.clientY };
  });
}

/** `hold` for one key or button, which ends only what it began. */
function holder(hold) {
  let holding = false;
  return (on) => {
    if (on !== holding) hold(on);
    holding = on;
  };
}

/** Keys on the canvas. */
function listenKeys(canvas, moves) {
  const hold = holder(moves.hold);
  const step = () => (PAN * canvas.width) / canvas.clientWidth;
  const keys = {
    ArrowLeft: () => moves.pan(step(), 0),
    ArrowRight: () => moves.pan(-step(), 0),
    ArrowUp: () => moves.pan(0, step()),
    ArrowDown: () => moves.pan(0, -step()),
    "+": () => moves.in(),
    "=": () => moves.in(),
    "-": () => moves.out(),
    0: () => moves.fit(),
    1: () => moves.actual(),
    " ": () => hold(true),
  };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  canvas.addEventListener("keyup", (event) => event.key === " " && hold(false));
  canvas.addEventListener("blur", () => hold(false));
}

/** A button that acts while it is held, by pointer, touch or key. */
function listenHold(button, move) {
  const hold = holder(move);
  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture(event.pointerId);
    hold(true);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) {
    button.addEventListener(end, () => hold(false));
  }
  const ours = (event) => event.key === " " || event.key === "Enter";
  button.addEventListener("keydown", (event) => ours(event) && (event.preventDefault(), hold(true)));
  button.addEventListener("keyup", (event) => ours(event) && hold(false));
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}

/** The divider: dragged, or moved by the keys of a slider; `move(fraction)` sets it, `at()` is where it is. */
function listenDivider(divider, canvas, { at, fractionOf, move }) {
  divider.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    divider.setPointerCapture(event.pointerId);
  });
  divider.addEventListener("pointermove", (event) => {
    if (divider.hasPointerCapture(event.pointerId)) move(fractionOf(pointOf(event, canvas).x));
  });
  const arrows = { ArrowLeft: -0.01, ArrowDown: -0.01, ArrowRight: 0.01, ArrowUp: 0.01 };
  const steps = { ...arrows, PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1 };
  divider.addEventListener("keydown", (event) => {
    if (!steps[event.key]) return;
    event.preventDefault();
    move(at() + steps[event.key]);
  });
}

/** A button that lets `part` fill the screen, where the browser can. */
function listenFull(button, part) {
  button.hidden = !document.fullscreenEnabled;
  button.addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : part.requestFullscreen()));
  const follow = () => button.setAttribute("aria-pressed", document.fullscreenElement === part);
  part.addEventListener("fullscreenchange", follow);
}
