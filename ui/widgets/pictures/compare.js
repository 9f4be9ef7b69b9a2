// A generated and a training image, with words between or under them: side by side, one over the
// other with a wipe between them, or their difference. Text comes in through textContent only.

const PHONE_PX = 600;

function element(kind, name, parent, words) {
  const made = document.createElement(kind);
  if (name) made.className = name;
  if (words !== undefined) made.textContent = words;
  parent.append(made);
  return made;
}

function picture(about, parent, name) {
  const image = element("img", name, parent);
  image.src = about.src;
  image.alt = about.alt;
  return image;
}

function caption(about, figure) {
  const line = element("figcaption", "", figure);
  element("span", "kind", line, about.kind);
  element("span", "name", line, about.name).title = about.name;
}

function apart(row, about, name) {
  const figure = element("figure", name, row);
  picture(about, element("div", "frame", figure), "");
  caption(about, figure);
}

function words(row, data) {
  const box = element("div", "words", row);
  if (data.chip) element("span", `chip ${data.chip.colour}`, box, data.chip.text);
  if (data.sentence) element("p", "sentence", box, data.sentence);
  for (const fact of data.facts) element("p", "fact", box, fact);
}

function together(row, data) {
  const figure = element("figure", "", row);
  const frame = element("div", `frame both ${data.mode}`, figure);
  picture(data.left, frame, "");
  picture(data.right, frame, "over");
  if (data.mode === "difference") {
    element("figcaption", "", figure, "Black: the same in both. Bright: different.");
    return;
  }
  element("div", "edge", frame);
  const range = element("input", "", figure);
  range.type = "range";
  range.min = 0;
  range.max = 100;
  range.value = 50;
  range.setAttribute("aria-label", "How much of the left image is seen, in percent");
  const cut = () => frame.style.setProperty("--cut", `${range.value}%`);
  range.oninput = cut;
  cut();
}

export default function ({ data, parentElement }) {
  let root = parentElement.querySelector(".compare");
  if (!root) {
    root = document.createElement("div");
    parentElement.append(root);
    // The arrow keys move the slider, not the page to another image.
    root.onkeydown = (event) => event.stopPropagation();
  }
  root.className = data.tiny ? "compare tiny" : "compare";
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", data.label);
  const shown = JSON.stringify(data);
  const before = root.shown;
  if (before === shown) return;
  root.shown = shown;
  root.replaceChildren();
  const row = element("div", `row ${data.mode}`, root);
  if (data.mode === "side") {
    apart(row, data.left, "left");
    words(row, data);
    apart(row, data.right, "right");
  } else {
    together(row, data);
    words(row, data);
  }
  // On a phone, where it may lie below the fold, what was asked for is brought into view.
  if (before && root.clientWidth < PHONE_PX)
    requestAnimationFrame(() => row.firstChild.scrollIntoView({ behavior: "smooth", block: "nearest" }));
}
