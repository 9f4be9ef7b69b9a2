// Two images side by side, and one over the other with a wipe between them.

function element(kind, name, parent) {
  const made = document.createElement(kind);
  if (name) made.className = name;
  parent.append(made);
  return made;
}

function picture(about, parent, name) {
  const image = element("img", name, parent);
  image.src = about.src;
  image.alt = about.alt;
  return image;
}

function caption(words, figure) {
  const line = element("figcaption", "", figure);
  line.textContent = words;
  line.title = words;
}

function draw(root, data) {
  root.replaceChildren();
  const row = element("div", "row", root);
  for (const about of [data.left, data.right]) {
    const figure = element("figure", "", row);
    picture(about, element("div", "frame", figure), "");
    caption(about.title, figure);
  }
  const figure = element("figure", "", row);
  const frame = element("div", "frame both", figure);
  picture(data.left, frame, "");
  picture(data.right, frame, "over");
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

  const label = element("label", "", figure);
  const box = element("input", "", label);
  box.type = "checkbox";
  element("span", "", label).textContent = "Show the difference (black: the same)";
  box.onchange = () => {
    frame.classList.toggle("difference", box.checked);
    range.disabled = box.checked;
  };
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
  root.style.setProperty("--side", `${data.side_px}px`);
  const shown = JSON.stringify([data.left, data.right]);
  if (root.shown !== shown) {
    root.shown = shown;
    draw(root, data);
  }
  if (data.seek) root.scrollIntoView({ behavior: "smooth", block: "nearest" });
}
