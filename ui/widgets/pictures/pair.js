// Two pictures beside each other, in the same place for every pair.

function draw(parentElement) {
  const pair = document.createElement("div");
  pair.className = "pair";
  for (let side = 0; side < 2; side++) {
    const frame = document.createElement("div");
    frame.append(document.createElement("img"));
    pair.append(frame);
  }
  parentElement.append(pair);
  return pair;
}

// A key that is held repeats itself, and each repetition would answer the next pair unseen.
function once(event) {
  const [target] = event.composedPath();
  const typing = target.matches?.("input, textarea, [contenteditable]");
  if (event.repeat && event.key.length === 1 && !typing) event.stopImmediatePropagation();
}

export default function ({ data, parentElement }) {
  const pair = parentElement.querySelector(".pair") ?? draw(parentElement);
  pair.classList.toggle("tiny", data.tiny);
  pair.querySelectorAll("img").forEach((image, side) => {
    image.src = data.pictures[side].src;
    image.alt = data.pictures[side].alt;
  });
  window.addEventListener("keydown", once, true); // before anyone on the document
  return () => window.removeEventListener("keydown", once, true);
}
