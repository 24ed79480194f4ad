// Pictures pasted anywhere on the page are uploaded, as if they had been dropped on the field for pictures.
addEventListener('paste', (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  const field = document.querySelector('#pictures-drop input[type=file]');
  if (!files.length || !field) return;
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  field.files = transfer.files;
  field.dispatchEvent(new Event('change', { bubbles: true }));
  event.preventDefault();
});
