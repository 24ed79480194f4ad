// The list of steps of the tab Edit. Python sets `props.value` to a list of rows; a row's buttons trigger "act".
const list = element.querySelector("ol");

/** Makes an element with attributes and text; text is never read as HTML. */
const make = (tag, attributes, text = "") => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
};

/** A small button of a row; what it does is in its label, which names the step. */
const button = (row, action, sign, label, disabled = false) => {
  const made = make("button", { type: "button", class: action, "data-action": action, "aria-label": label, title: label }, sign);
  made.disabled = disabled;
  return made;
};

/** The checkbox that switches a step on or off. */
const toggle = (row) => {
  const made = make("input", { type: "checkbox", "data-action": "switch", "aria-label": `${row.name} is on` });
  made.checked = row.on;
  return made;
};

/** The button that selects a step: its name and what is set. */
const title = (row, index) => {
  const made = make("button", { type: "button", class: "title", "data-action": "select", "aria-pressed": row.selected });
  made.append(make("strong", {}, `${index + 1}. ${row.name}`), make("span", {}, row.text));
  return made;
};

/** One row. */
const rowOf = (row, index, rows) => {
  const item = make("li", { "data-key": row.key, class: row.on ? "" : "off" });
  item.append(
    toggle(row),
    title(row, index),
    button(row, "up", "↑", `Move ${row.name} up`, index === 0),
    button(row, "down", "↓", `Move ${row.name} down`, index === rows.length - 1),
    button(row, "remove", "✕", `Remove ${row.name}`),
  );
  return item;
};

/** Where the keyboard is: the key of the row, and the action of the control. */
const focused = () => {
  const part = list.contains(document.activeElement) ? document.activeElement : null;
  return part && { key: part.closest("li").dataset.key, action: part.dataset.action, at: [...list.children].indexOf(part.closest("li")) };
};

/** Puts the keyboard back where it was, or nearby if that has gone or cannot be used. */
const focus = (was) => {
  if (!was || !list.children.length) return;
  const row = list.querySelector(`li[data-key="${was.key}"]`) || list.children[Math.min(was.at, list.children.length - 1)];
  const part = row.querySelector(`[data-action="${was.action}"]`);
  (part && !part.disabled ? part : row.querySelector(".title")).focus();
};

let drawn = ""; // the rows in the list, as JSON

/** Draws all rows again; the same rows stay as they are, so that no press falls between two drawings. */
const draw = () => {
  const rows = props.value || [];
  const now = JSON.stringify(rows);
  if (now === drawn) {
    rows.forEach((row, index) => { list.children[index].querySelector("input").checked = row.on; });
    return;
  }
  drawn = now;
  const was = focused();
  list.replaceChildren(...rows.map(rowOf));
  list.hidden = !rows.length;
  element.querySelector("p").hidden = rows.length > 0;
  focus(was);
};

/** Tells Python what was pressed. */
const act = (event) => {
  const part = event.target.closest("[data-action]");
  if (!part || (part.dataset.action === "switch") !== (event.type === "change")) return;
  trigger("act", { action: part.dataset.action, key: Number(part.closest("li").dataset.key), on: part.checked === true });
};

list.addEventListener("click", act);
list.addEventListener("change", act);
watch("value", draw);
draw();
