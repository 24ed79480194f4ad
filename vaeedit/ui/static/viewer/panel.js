/* Everything around the canvas: the divider, the tools and the line that says what is seen. */

const REST = 300; // milliseconds after the last change at which the status line is read out
const STATES = { original: "Original", preview: "Preview" };

/** A number of a map's range, short. */
function short(number) {
  return String(Number(Number(number).toPrecision(3)));
}

/** What the pixels are: the original, a preview, or the full result. */
function kindOf(state) {
  if (state.held) return STATES.original;
  const said = state.value.state;
  const exact = state.fine && state.fine.exact;
  if (exact && said && said !== "original") return "Full result";
  return STATES[said === "full" ? "preview" : said] || "";
}

/** The line below the picture. */
function statusOf(state) {
  const { value, fine, error } = state;
  if (!value) return error;
  const size = `${value.width} × ${value.height} pixels`;
  const [message, note] = [value.message, fine && fine.note];
  return [percentOf(state), kindOf(state), size, message, note, error].filter(Boolean).join(" · ");
}

/** The scale for people. */
function percentOf(state) {
  const percent = 100 * state.view.scale;
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** The panel of a viewer: `show` follows the state, `busy` a question, `offer` names the maps, `name` the picture. */
function makePanel(find, state) {
  const [stage, divider, status, choice] = [".stage", ".divider", ".status", ".map select"].map(find);
  let timer = 0;

  /** The divider and the words on its sides. */
  function showDivider() {
    const compared = Boolean(state.view) && isCompared(state);
    divider.hidden = !compared;
    for (const tag of [".tag.before", ".tag.after"]) find(tag).hidden = !compared;
    if (!compared) return;
    const percent = Math.round(100 * state.divider);
    divider.setAttribute("aria-valuenow", percent);
    divider.setAttribute("aria-valuetext", `${percent} % before, ${100 - percent} % after`);
    stage.style.setProperty("--divider", `${(100 * dividerColumn(state)) / state.stage.width}%`);
  }

  /** The colors of the map and what they stand for. */
  function showScale() {
    const range = state.map && state.fine && state.fine.ranges[state.map];
    find(".opacity").hidden = !state.map;
    find(".scale").hidden = !range;
    if (range) [find(".low").textContent, find(".high").textContent] = range.map(short);
  }

  /** Say what is seen, once it has rested, so that a screen reader is not flooded. */
  function say() {
    clearTimeout(timer);
    timer = setTimeout(() => (status.textContent = state.value && !state.view ? "" : statusOf(state)), REST);
    status.classList.toggle("error", Boolean(state.error));
  }

  /** Name in attributes what is drawn, for tests and style sheets. */
  function mark() {
    const { value, fine } = state;
    Object.assign(stage.parentElement.dataset, {
      state: (value && value.state) || "",
      version: fine ? fine.version : "",
      exact: Boolean(fine && fine.exact),
    });
  }

  /** Follow the state. */
  function show() {
    mark();
    const size = state.view && placed([0, 0, 1, 1], state.view, state.value);
    const movable = size && (size.width > state.stage.width || size.height > state.stage.height);
    stage.classList.toggle("movable", Boolean(movable));
    find(".percent").textContent = state.view ? percentOf(state) : "";
    find(".hold").hidden = state.layers.length < 2 || !state.value;
    find(".hold").setAttribute("aria-pressed", state.held);
    find(".empty").hidden = Boolean(state.value);
    for (const button of stage.parentElement.querySelectorAll("[data-do], .full")) button.disabled = !state.view;
    showDivider();
    showScale();
    say();
  }

  /** Offer the maps by name; false if the chosen one is not among them. */
  function offer(maps) {
    const options = ["", ...maps].map((name) => new Option(name || "none", name, false, name === state.map));
    choice.replaceChildren(...options);
    find(".map").hidden = !maps.length;
    return maps.includes(state.map);
  }

  /** The picture's name, for those who do not see it, and what is said where there is none. */
  function name(value) {
    find("canvas").setAttribute("aria-label", `Picture ${(value && value.name) || ""}`.trim());
    find(".empty").textContent = (value && value.message) || "No picture yet.";
  }

  const busy = (on) => stage.setAttribute("aria-busy", on);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (!still) find(".busy").animate({ rotate: ["0turn", "1turn"] }, { duration: 900, iterations: Infinity });
  find(".ramp").style.background = `linear-gradient(to right, ${COLORS.join(", ")})`;
  return { show, busy, offer, name };
}
