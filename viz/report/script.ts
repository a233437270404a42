/**
 * What the page does where scripts may run; without it everything is there all the same. Plain JavaScript as text, free of characters that HTML would
 * have to escape. Adoption hides what belongs to the other, a policy fades the others, a phase opens its tables.
 */
export const REPORT_SCRIPT = `"use strict";
(() => {
  const controls = document.getElementById("controls");
  const every = (selector, act) => document.querySelectorAll(selector).forEach(act);
  const said = document.getElementById("said");
  controls.hidden = false;
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.adoption.addEventListener("change", () => {
    const wanted = controls.adoption.value;
    every("main [data-adoption]", (one) => one.classList.toggle("off", ![one.dataset.adoption, ""].includes(wanted)));
  });
  controls.policy.addEventListener("change", () => {
    const wanted = controls.policy.value;
    every("main [data-policy]", (one) => one.classList.toggle("dim", ![one.dataset.policy, ""].includes(wanted)));
  });
  controls.phase.addEventListener("change", () => {
    const wanted = controls.phase.value;
    every("details[data-phase]", (one) => { one.open = one.dataset.phase === wanted; });
    const first = Array.from(document.querySelectorAll("details.phase[data-phase]")).find((one) => one.open);
    if (first) first.scrollIntoView({ block: "start" });
  });
  const command = document.getElementById("repeat");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy the command";
  button.addEventListener("click", () => {
    const text = command.textContent;
    const fallback = () => {
      getSelection().selectAllChildren(command);
      said.textContent = document.execCommand("copy") ? "Copied." : "The command is selected: copy it with Ctrl-C.";
    };
    if (!navigator.clipboard) { fallback(); return; }
    navigator.clipboard.writeText(text).then(() => { said.textContent = "Copied."; }, fallback);
  });
  command.after(button);
})();`;
