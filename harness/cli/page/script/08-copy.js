// A command with a button that copies it, also where a page that was opened as a file may not use the clipboard's interface.

async function copyText(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch (_) { /* Not allowed here, or not there: the older way follows. */ }
  const field = make("textarea", { readonly: true, class: "aside", "aria-hidden": "true" });
  field.value = words;
  document.body.append(field);
  const before = document.activeElement;
  field.select();
  let done = false;
  try { done = document.execCommand("copy"); } catch (_) { /* Told below. */ }
  field.remove();
  if (before) before.focus({ preventScroll: true });
  return done;
}

function command(words) {
  const code = make("code", {}, words);
  const button = make("button", {
    type: "button", class: "copy", "aria-label": `Copy: ${words}`,
    click: async () => {
      const done = await copyText(words);
      if (!done) getSelection().selectAllChildren(code);
      button.textContent = done ? "Copied" : "Press Ctrl+C";
      say(done ? "Copied" : "It could not be copied; the command is selected: press Ctrl and C");
      setTimeout(() => (button.textContent = "Copy"), 2000);
    },
  }, "Copy");
  return make("div", { class: "command" }, code, button);
}
