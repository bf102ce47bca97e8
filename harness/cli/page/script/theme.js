// The theme that was chosen, before anything is painted.
(function () {
  "use strict";
  try {
    var theme = localStorage.getItem("firsthit-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch (_) { /* Where nothing may be kept, the system's theme holds. */ }
})();
