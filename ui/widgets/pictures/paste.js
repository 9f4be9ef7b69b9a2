// Listens for an image that is pasted anywhere on the page.

const HINT = "Copy an image anywhere, then paste it here (Ctrl+V or ⌘V)";

function say(box, words, refused) {
  box.textContent = words;
  box.classList.toggle("refused", refused);
}

function kilobytes(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export default function ({ data, parentElement, setTriggerValue }) {
  let box = parentElement.querySelector(".paste");
  if (!box) {
    box = document.createElement("div");
    box.className = "paste";
    box.tabIndex = 0;
    box.setAttribute("role", "status");
    parentElement.append(box);
    say(box, HINT, false);
  }

  const onPaste = (event) => {
    const items = [...(event.clipboardData?.items ?? [])];
    const file = items.find((item) => item.kind === "file" && item.type.startsWith("image/"));
    const image = file?.getAsFile();
    if (!image) {
      // Text that is pasted into a field of the page is none of our business.
      if (event.composedPath().includes(box)) say(box, "There is no image in the clipboard.", true);
      return;
    }
    event.preventDefault();
    if (image.size > data.most_bytes) {
      const most = kilobytes(data.most_bytes);
      say(box, `This image has ${kilobytes(image.size)}, more than ${most}: drop its file.`, true);
      return;
    }
    const reader = new FileReader();
    reader.onload = () => {
      say(box, `Pasted (${kilobytes(image.size)}). Paste another, or drop files.`, false);
      setTriggerValue("image", reader.result.slice(reader.result.indexOf(",") + 1));
    };
    reader.readAsDataURL(image);
  };
  document.addEventListener("paste", onPaste);
  return () => document.removeEventListener("paste", onPaste);
}
