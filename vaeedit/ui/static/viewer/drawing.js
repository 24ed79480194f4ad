/* Drawing of tiles on the canvas. */

/** The squares that show through transparent pixels. */
function checkerboard(context, size) {
  const tile = new OffscreenCanvas(2 * size, 2 * size);
  const pen = tile.getContext("2d");
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, 2 * size, 2 * size);
  pen.fillStyle = "#d4d4d4";
  pen.fillRect(0, 0, size, size);
  pen.fillRect(size, size, size, size);
  return context.createPattern(tile, "repeat");
}

/** One image of a tile; enlarged pixels stay sharp squares, and coarse ones are smoothed. */
function drawImage(context, tile, image, state) {
  const { x, y, width, height } = placed(tile.region, state.view, state.value);
  const given = image.naturalWidth || image.width;
  const whole = Math.round((tile.region[2] - tile.region[0]) * state.value.width);
  context.imageSmoothingEnabled = given !== width && (state.view.scale < 2 || given < whole);
  context.imageSmoothingQuality = "high";
  context.fillStyle = state.squares;
  if (context.globalAlpha === 1) context.fillRect(x, y, width, height);
  context.drawImage(image, x, y, width, height);
}

/** Draw between two columns of the canvas only. */
function between(context, from, to, paint) {
  if (to <= from) return;
  context.save();
  context.beginPath();
  context.rect(from, 0, to - from, context.canvas.height);
  context.clip();
  paint();
  context.restore();
}

/** One layer of all tiles; the original stands in for a result that has not come yet. */
function drawLayer(context, state, name) {
  for (const tile of [state.base, state.fine]) {
    const image = tile && (tile.images[name] || tile.images.before);
    if (image) drawImage(context, tile, image, state);
  }
}

/** The chosen map over the result. */
function drawMap(context, state) {
  const image = state.fine && state.fine.images[state.map];
  context.globalAlpha = state.opacity;
  if (image) drawImage(context, state.fine, image, state);
}

/** The whole canvas: the original left of the divider, the result right of it, the map over the result. */
function draw(context, state) {
  const { width, height } = context.canvas;
  context.clearRect(0, 0, width, height);
  if (!state.view) return;
  const middle = isCompared(state) ? dividerColumn(state) : state.held ? width : 0;
  between(context, 0, middle, () => drawLayer(context, state, "before"));
  between(context, middle, width, () => {
    drawLayer(context, state, state.layers[state.layers.length - 1]);
    drawMap(context, state);
  });
}

/** Whether the divider parts the canvas. */
function isCompared(state) {
  return state.layers.length > 1 && !state.held;
}

/** The columns of the canvas between which the picture is seen. */
function seenColumns(state) {
  const from = Math.max(0, state.view.x);
  return [from, Math.min(state.stage.width, state.view.x + Math.round(state.value.width * state.view.scale))];
}

/** The column of the canvas at which the result begins. */
function dividerColumn(state) {
  const [from, to] = seenColumns(state);
  return Math.round(from + state.divider * (to - from));
}

/** Where a column of the canvas is between those of `seenColumns`, from 0 to 1. */
function fractionAt(state, column) {
  const [from, to] = seenColumns(state);
  return (column - from) / Math.max(1, to - from);
}
