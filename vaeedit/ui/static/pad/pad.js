/* The pad: a slider in two directions between pictures in its corners, or in one between two. Its value is {x, y}, from 0 to 1. */

const PER_KEY = 0.02; // of the way, for an arrow key
const PER_PAGE = 0.1; // with Shift, and for Page Up and Page Down
const find = (selector) => element.querySelector(selector);
const [pad, area, knob, where] = [".pad", ".area", ".knob", ".where"].map(find);
const inputs = { x: find("input.x"), y: find("input.y") };
const isLine = props.corners.length === 2;
let at = { x: 0, y: 0 };
let planned = 0;

/** A number from 0 to 1. */
const clipped = (value) => Math.min(1, Math.max(0, value));

/** The inner side of the area, in which the knob moves, as shares of it. */
const toArea = (share) => `${6 + 88 * share}%`;

/** The place in words. */
function words({ x, y }) {
  const [right, down] = [x, y].map((share) => Math.round(100 * share));
  if (!isLine) return `${right} % to the right, ${down} % down`;
  return `${100 - right} % ${props.corners[0].name}, ${right} % ${props.corners[1].name}`;
}

/** Show the place. */
function show() {
  knob.style.left = toArea(at.x);
  knob.style.top = isLine ? "50%" : toArea(at.y);
  where.textContent = words(at);
  for (const [axis, input] of Object.entries(inputs)) {
    input.value = Math.round(100 * at[axis]);
    input.setAttribute("aria-valuetext", words(at));
  }
}

/** Tell the server where it is, once for each picture of the screen. */
function tell() {
  planned ||= requestAnimationFrame(() => {
    planned = 0;
    props.value = { ...at };
    trigger("input");
  });
}

/** Go to a place. */
function go(x, y) {
  at = { x: clipped(x), y: isLine ? 0 : clipped(y) };
  show();
  tell();
}

/** Go where the pointer is. */
function follow(event) {
  const box = area.getBoundingClientRect();
  const share = (position, start, size) => ((position - start) / size - 0.06) / 0.88;
  go(share(event.clientX, box.left, box.width), share(event.clientY, box.top, box.height));
}

/** How far a key goes, as [x, y]; nothing for another key. */
function stepOf({ key, shiftKey }) {
  const step = shiftKey ? PER_PAGE : PER_KEY;
  const steps = {
    ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step],
    PageUp: [0, -PER_PAGE], PageDown: [0, PER_PAGE], Home: [-1, 0], End: [1, 0],
  };
  return steps[key];
}

/** Arrow keys of both directions work whichever of the two sliders has the focus, which follows the direction. */
function pressed(event) {
  const step = stepOf(event);
  if (!step) return;
  event.preventDefault();
  const [dx, dy] = isLine ? [step[0] || -step[1], 0] : step;
  go(at.x + dx, at.y + dy);
  inputs[dy ? "y" : "x"].focus();
}

/** The pictures, or their names, in the corners. */
function showCorners() {
  const places = isLine || props.corners.length !== 3 ? [[0, 0], [1, 0], [0, 1], [1, 1]] : [[0, 0], [1, 0], [0.5, 1]];
  find(".corners").replaceChildren(...props.corners.map((corner, index) => {
    const [x, y] = places[index];
    const box = document.createElement("span");
    const inner = corner.src ? Object.assign(new Image(), { src: corner.src, alt: "" }) : document.createElement("b");
    if (!corner.src) inner.textContent = corner.name;
    box.append(inner);
    Object.assign(box.style, { left: `${1.5 + x * (isLine ? 75 : 71)}%`, top: isLine ? "6%" : `${1.5 + y * 71}%` });
    return box;
  }));
}

pad.classList.toggle("line", isLine);
inputs.y.hidden = isLine;
inputs.y.tabIndex = -1;
for (const input of Object.values(inputs)) {
  input.setAttribute("aria-roledescription", isLine ? "slider" : "2-D slider");
  input.addEventListener("keydown", pressed);
  input.addEventListener("input", () => go(inputs.x.value / 100, inputs.y.value / 100));
}
area.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  event.preventDefault();
  area.setPointerCapture(event.pointerId);
  inputs.x.focus();
  follow(event);
});
area.addEventListener("pointermove", (event) => {
  if (area.hasPointerCapture(event.pointerId)) follow(event);
});
watch("value", () => {
  if (!props.value || (props.value.x === at.x && props.value.y === at.y)) return;
  at = { x: props.value.x, y: props.value.y };
  show();
});
at = { ...at, ...props.value };
showCorners();
show();
