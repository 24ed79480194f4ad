// Texts to copy or to save: Python sets `props.value` to {id: text}. Nothing is asked of a server.
const texts = [...element.querySelectorAll("pre")];
const said = element.querySelector("[role=status]");

/** Shows the texts. */
const draw = () => {
  for (const text of texts) text.textContent = (props.value || {})[text.dataset.name] || "";
};

/** Copies what a text holds, also where the page has no right to the clipboard, as on plain HTTP. */
const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text.textContent);
  } catch {
    getSelection().selectAllChildren(text);
    document.execCommand("copy");
  }
  said.textContent = "Copied.";
};

/** Saves what a text holds as a file. */
const save = (text) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text.textContent], { type: "application/yaml" }));
  link.download = text.dataset.file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const text = button.closest("section").querySelector("pre");
  (button.className === "copy" ? copy : save)(text);
});
watch("value", draw);
draw();
