// What the pages do besides, where scripts run: copy, refresh the live numbers,
// keep a button from being pressed twice, and lead to what is wrong. Without
// them every page works.
(function () {
  "use strict";

  function copied(button) {
    button.classList.add("copy-done");
    setTimeout(function () { button.classList.remove("copy-done"); }, 1500);
  }

  if (navigator.clipboard) {
    document.querySelectorAll(".copy").forEach(function (button) { button.hidden = false; });
    document.addEventListener("click", function (event) {
      var button = event.target.closest(".copy");
      if (!button) { return; }
      var from = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
      navigator.clipboard.writeText(from ? from.textContent : button.dataset.copy).then(function () { copied(button); });
    });
  }

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post" || form.querySelector('input[name="as"][value="file"]')) { return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    if (event.submitter) { event.submitter.setAttribute("aria-busy", "true"); }
  });
  // A page that the browser kept comes back as it was left.
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
    document.querySelectorAll('[aria-busy="true"]').forEach(function (b) { b.removeAttribute("aria-busy"); });
  });

  var errors = document.getElementById("errors");
  if (errors) { errors.focus(); }

  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && location.hash === "#nav") { location.hash = "#top"; }
  });

  var live = document.querySelector("[data-refresh]");
  if (live) {
    setInterval(function () {
      // Whoever is reading the numbers, or has the focus there, is not disturbed.
      if (document.hidden || live.contains(document.activeElement) || live.querySelector("details[open]")) { return; }
      fetch(live.dataset.refresh, { headers: { Accept: "text/html" } }).then(function (answer) {
        return answer.ok ? answer.text() : "";
      }).then(function (page) {
        if (page) { live.innerHTML = page; }
      }).catch(function () { /* it is tried again */ });
    }, 10000);
  }
})();
