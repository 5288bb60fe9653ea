// Puts the words of the framework's widgets into Russian as they appear, and shows what is new from its beginning.
(() => {
  const words = new Map(Object.entries(WORDS)), beginnings = Object.entries(BEGINNINGS);
  const attributes = ["aria-label", "placeholder", "title"];
  const russian = (said) => {
    const found = words.get(said.trim());
    if (found !== undefined) return found;
    const start = beginnings.find(([english]) => said.startsWith(english));
    return start && start[1] + said.slice(start[0].length);
  };
  const attribute = (element, name) => {
    const said = element.getAttribute(name), wanted = said && russian(said);
    if (wanted && wanted !== said) element.setAttribute(name, wanted);
  };
  const size = /^([\d.]+) ?(B|KB|MB)$/;
  const units = { B: "байт", KB: "КБ", MB: "МБ" };
  const text = (node) => {
    const sized = size.exec(node.data.trim());
    const wanted = sized ? `${sized[1].replace(".", ",")} ${units[sized[2]]}` : words.get(node.data.trim());
    if (wanted && node.parentElement && !node.parentElement.closest("script, style")) node.data = wanted;
  };
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return text(node);
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    attributes.forEach((name) => attribute(node, name));
    for (const [where, name] of Object.entries(NAMES)) {
      if (node.matches(where)) node.setAttribute("aria-label", name);
    }
    node.childNodes.forEach(walk);
  };
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "attributes") attribute(change.target, change.attributeName);
      else if (change.type === "characterData") text(change.target);
      else change.addedNodes.forEach(walk);
    }
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: attributes });
  // another class, card or draft begins at its beginning, however far down the last one was read
  const push = history.pushState.bind(history);
  history.pushState = (state, unused, address) => {
    const before = location.pathname + location.search;
    push(state, unused, address);
    if (location.pathname + location.search !== before) document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  };
})();
